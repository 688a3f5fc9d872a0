"""`assistant index --preview` and `--publish`: shows what the next index would change."""

from argparse import Namespace
from collections import Counter
from collections.abc import Sequence

from api.assembly.preview import Preview, build_preview, publish_preview
from api.cli.terminal import ProgressBars, shorten, warn_skipped
from api.exit_codes import CHECK_FAILED, DONE
from api.settings import Settings
from api.text import count, printable, printable_json, truncate
from api.wire.index import DocumentChangesBody, PreviewBody, ReplayedBody
from assistant.answer import Answer
from assistant.replay import Replayed

_MAX_SHOWN = 40  # questions
_MAX_TEXT = 200  # characters of an answer


def run_preview(settings: Settings, arguments: Namespace) -> int:
    """Publishes the preview, or builds one and prints what it would change. Returns CHECK_FAILED
    if a document could not be read."""
    if arguments.publish:
        generation, manifest = publish_preview(settings)
        print(f"Generation {generation} published: {count(len(manifest.documents), 'document')}.")
        return DONE
    with ProgressBars() as bars:
        preview = build_preview(settings, bars)
    if arguments.json:
        print(printable_json(_report(preview).model_dump_json(indent=1)))
    else:
        print(printable("\n".join(_lines(preview))))
    warn_skipped(preview.corpus.unreadable)
    return CHECK_FAILED if preview.corpus.unreadable else DONE


def _report(preview: Preview) -> PreviewBody:
    return PreviewBody(
        base=preview.base,
        changed=preview.is_new,
        documents=DocumentChangesBody.of(preview.documents),
        questions=tuple(map(ReplayedBody.of, preview.replayed)),
    )


def _lines(preview: Preview) -> list[str]:
    if not preview.is_new:
        return [f"Generation {preview.base} is up to date: nothing would change."]
    documents = preview.documents
    lines = [f"Compared with generation {preview.base}:"]
    for what, paths in (
        ("added", documents.added),
        ("changed", documents.changed),
        ("removed", documents.removed),
    ):
        if paths:
            lines.append(f"  {count(len(paths), 'document')} {what}: {', '.join(shorten(paths))}")
    if not (documents.added or documents.changed or documents.removed):
        lines.append("  the same documents")
    different = [each for each in preview.replayed if each.differences]
    for each in different[:_MAX_SHOWN]:
        lines += ["", *_describe(each)]
    if (more := len(different) - _MAX_SHOWN) > 0:
        lines += ["", f"and {count(more, 'more question')}: --json has all"]
    return [*lines, "", *_summary(preview.replayed)]


def _describe(replayed: Replayed) -> list[str]:
    verdict = ""
    if replayed.right_before != replayed.right_after:
        verdict = ", now right" if replayed.right_after else ", now wrong"
    return [
        f"{replayed.question.text}  ({' and '.join(replayed.differences)}{verdict})",
        f"  before: {_shown(replayed.before)}",
        f"  after:  {_shown(replayed.after)}",
    ]


def _shown(answer: Answer) -> str:
    sources = ", ".join(dict.fromkeys(citation.document for citation in answer.citations))
    text = truncate(" ".join(answer.text.split()), _MAX_TEXT)
    return f"{text}  [{sources}]" if sources else text


def _summary(replayed: Sequence[Replayed]) -> list[str]:
    kinds = Counter(kind for each in replayed for kind in each.differences)
    changed = sum(bool(each.differences) for each in replayed)
    parts = "".join(f"; {number} {kind}" for kind, number in sorted(kinds.items()))
    lines = [f"{count(len(replayed), 'question')} asked, {changed} answered differently{parts}."]
    if gold := [each for each in replayed if each.question.gold]:
        before = sum(bool(each.right_before) for each in gold)
        after = sum(bool(each.right_after) for each in gold)
        lines.append(
            f"Of {count(len(gold), 'gold question')}, {before} right before, {after} after."
        )
    return [*lines, "`assistant index --publish` publishes it."]
