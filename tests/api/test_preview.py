"""What the next index would change is shown before it is published."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

import pytest
from builders import make_answer
from conftest import ROOT, Scale, Writer
from serving import BEANS, CHANGED, GARDEN, ROSES

from api.assembly.assistant import build_index, open_texts
from api.settings import Settings
from api.store.database import Database
from api.store.records import Records
from index.generation import DataFolder
from index.health import check_generation

Run = Callable[..., int]
PEARS = "When are the pears picked?"
NEXT = {
    "garden.md": CHANGED["garden.md"],
    "pears.md": f"# Pears\n\n## {PEARS}\n\nPears are picked in October.\n",
}
GOLD = {"question": BEANS, "answers": ["Beans are sown in the first week of June."]}


def write_gold(settings: Settings, *rows: dict[str, object]) -> None:
    settings.gold_folder.mkdir()
    lines = "".join(f"{json.dumps(row)}\n" for row in rows)
    (settings.gold_folder / "gold.jsonl").write_text(lines, "utf-8")


def may_or_june(settings: Settings) -> str:
    """The month of the beans in the published index, all of whose files must be there."""
    manifest = check_generation(DataFolder(settings.data_folder).current(), None)
    [garden] = [each for each in manifest.documents if each.path == "garden.md"]
    return "June" if "June" in open_texts(settings).read(garden.sha256) else "May"


def test_preview_shows_what_would_change_and_publish_publishes_it(
    run: Run, settings: Settings, folder_of: Writer, capsys: pytest.CaptureFixture[str]
) -> None:
    write_gold(settings, GOLD)
    with closing(Database.open(settings.database_url)) as database:
        for number, question in enumerate((ROSES, PEARS, ROSES.upper())):
            answer = make_answer(question=question)
            Records(database).save_answer("", replace(answer, id=f"{number}"))
    data = DataFolder(settings.data_folder)
    base = data.current()
    folder_of(NEXT)
    assert run("index", "--preview", "--json") == 0
    assert data.current() == base
    preview = json.loads(capsys.readouterr().out)
    assert preview["documents"] == {
        "added": ["pears.md"],
        "changed": ["garden.md"],
        "removed": ["roses.txt"],
    }
    asked = {each["question"]: each for each in preview["questions"]}
    assert {question: each["differences"] for question, each in asked.items()} == {
        BEANS: ["other text", "other citations"],
        ROSES.upper(): ["newly refused"],
        PEARS: ["newly answered"],
    }
    assert [asked[BEANS][f"right_{when}"] for when in ("before", "after")] == [False, True]
    assert run("index", "--preview") == 0
    printed = capsys.readouterr().out
    assert "1 document removed: roses.txt" in printed
    assert f"{BEANS}  (other text and other citations, now right)" in printed
    assert "3 questions asked, 3 answered differently" in printed
    assert "Of 1 gold question, 0 right before, 1 after." in printed
    assert run("index", "--publish") == 0
    assert data.current() != base
    assert may_or_june(settings) == "June"
    assert run("index", "--publish") == 2
    assert "there is no preview" in capsys.readouterr().err


def test_preview_of_unchanged_documents_leaves_nothing_to_publish(
    run: Run, folder_of: Writer, capsys: pytest.CaptureFixture[str]
) -> None:
    folder_of(NEXT)
    assert run("index", "--preview") == 0
    folder_of(GARDEN)
    assert run("index", "--preview") == 0
    assert "nothing would change" in capsys.readouterr().out
    assert run("index", "--publish") == 2


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (build_index, "was published since"),
        (
            lambda settings: (settings.corpus / "figs.md").write_text("# Figs\n\nFigs.\n"),
            "the documents or the settings have changed",
        ),
        (lambda settings: write_gold(settings, GOLD), "the settings have changed"),
    ],
)
def test_preview_that_is_out_of_date_is_not_published(
    run: Run,
    settings: Settings,
    folder_of: Writer,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Settings], object],
    fault: str,
) -> None:
    folder_of(NEXT)
    assert run("index", "--preview") == 0
    change(settings)
    published = DataFolder(settings.data_folder).current()
    assert run("index", "--publish") == 2
    error = capsys.readouterr().err
    assert fault in error
    assert f"assistant index --preview --corpus {settings.corpus}" in error
    assert DataFolder(settings.data_folder).current() == published


def test_preview_without_an_index_says_what_to_do(
    run: Run, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    DataFolder(settings.data_folder).layout.pointer.unlink()
    assert run("index", "--preview") == 2
    assert "run `assistant index --corpus" in capsys.readouterr().err


@pytest.mark.soak
@pytest.mark.parametrize("option", ["--preview", "--publish"])
def test_command_killed_at_any_moment_leaves_an_index_and_can_be_repeated(
    run: Run, settings: Settings, folder_of: Writer, scale: Scale, option: str
) -> None:
    seed = random.randrange(2**32)
    print(f"moments from random.Random({seed})")
    draw, command = random.Random(seed), command_of(settings, option)
    duration = None
    for number in range(scale(2, soak=20)):
        folder_of(GARDEN)
        assert run("index") == 0
        folder_of({**NEXT, "number.md": f"# Number\n\nThe number is {number}.\n"})
        if option == "--publish":
            assert run("index", "--preview") == 0
        began = time.monotonic()
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
            assert process.stdout and process.stdout.readline() == b"imported\n"
            began = time.monotonic()
            if duration is None:  # not killed, to know how long it takes
                assert process.wait(60) == 0
                duration = time.monotonic() - began
                continue
            time.sleep(draw.uniform(0, duration))
            os.kill(process.pid, signal.SIGKILL)
        assert may_or_june(settings) in ("May", "June" if option == "--publish" else "May")
        assert run("index", "--preview") == 0
        assert run("index", "--publish") in (0, 2)  # 2: it was published before the process ended
        assert may_or_june(settings) == "June"


def command_of(settings: Settings, option: str) -> list[str]:
    """A process that says when it has imported what the command needs."""
    code = (
        "import sys; import api.cli.index; from api.cli.main import main; "
        "print('imported', flush=True); sys.exit(main())"
    )
    folders = ["--corpus", str(settings.corpus), "--data", str(settings.data_folder)]
    return [sys.executable, "-c", code, "index", option, *folders]
