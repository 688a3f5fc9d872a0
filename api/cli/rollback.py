"""`assistant rollback`: answers from an earlier state of the index again."""

import json
from argparse import Namespace
from collections.abc import Sequence

from api.assembly.assistant import encoder_fingerprint
from api.exit_codes import DONE
from api.settings import load_settings
from api.text import count, printable
from api.wire.index import KeptBody
from index.errors import GenerationUnknown
from index.generation import DataFolder
from index.kept import KeptGeneration, kept_generations, roll_back


def run(arguments: Namespace) -> int:
    """Publishes and pins a kept generation, or lists all."""
    settings = load_settings(arguments.corpus, arguments.data)
    data = DataFolder(settings.data_folder)
    fingerprint = encoder_fingerprint(settings)
    if arguments.list or arguments.json:
        kept = kept_generations(data, fingerprint)
        if arguments.json:
            print(json.dumps([KeptBody.of(each).model_dump() for each in kept], indent=1))
        else:
            _print(kept)
        return DONE
    try:
        generation = roll_back(data, fingerprint, arguments.generation)
    except GenerationUnknown:
        _print(kept_generations(data, fingerprint))
        raise
    print(
        f"Generation {generation} is published and pinned. Changes of the documents are not "
        "indexed until you run `assistant index`."
    )
    return DONE


def _print(kept: Sequence[KeptGeneration]) -> None:
    if not kept:
        print("no generations: there is no index yet")
    for each in kept:
        state = "pinned" if each.pinned else "published" if each.current else ""
        about = each.fault or f"{count(each.documents, 'document')}  {each.size / 2**20:,.1f} MB"
        print(printable(f"{each.id}  {each.created}  {about}  {state}".rstrip()))
