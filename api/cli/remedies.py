"""What to type after an error, once per class of error.

The messages of the packages say what is wrong. Only the command line may suggest commands and
options: other users of the same errors, such as HTTP clients, cannot run them.
"""

import shlex
from argparse import Namespace

from api.errors import (
    AddressUnavailable,
    GapUnknown,
    KeyNotFound,
    OutputUnwritable,
    PublicWithoutKeys,
    describe,
)
from assistant.errors import EarlierRunInvalid, ReaderDamaged
from corpus.errors import CorpusEmpty, CorpusMissing
from index.errors import (
    EncoderDamaged,
    EncoderNotExported,
    EncoderUnavailable,
    GenerationUnknown,
    IndexBusy,
    IndexDamaged,
    IndexMissing,
    IndexOutdated,
    IndexPinned,
    IndexUnwritable,
    PreviewMissing,
    PreviewOutdated,
    TextMissing,
)

# {folders} becomes the --corpus and --data of the failed command.
REMEDIES: dict[type[Exception], str] = {
    AddressUnavailable: "choose another address with --host or --port",
    CorpusEmpty: "put documents there, or name another folder with --corpus",
    EarlierRunInvalid: "name the figures.json of an earlier run with --out",
    CorpusMissing: "name another folder with --corpus",
    EncoderDamaged: "run `assistant index{folders}`, which exports the encoder again",
    EncoderNotExported: "run `assistant index{folders}`",
    EncoderUnavailable: "set ASSISTANT_ENCODER to a sentence-transformers model on this machine",
    GapUnknown: "see the ids with `assistant gaps{folders}`",
    GenerationUnknown: "see the kept ones with `assistant rollback --list{folders}`",
    IndexBusy: "wait until it has finished, or name another folder with --data",
    IndexDamaged: "run `assistant index --rebuild{folders}`",
    IndexMissing: "run `assistant index{folders}`",
    IndexOutdated: "run `assistant index{folders}`",
    IndexPinned: "run `assistant index{folders}`, which publishes the documents as they are now",
    IndexUnwritable: "free some space, change its permissions, or name another folder with --data",
    KeyNotFound: "see the names with `assistant keys list{folders}`",
    OutputUnwritable: "name another folder with --out",
    PreviewMissing: "run `assistant index --preview{folders}`",
    PreviewOutdated: "run `assistant index --preview{folders}` again",
    PublicWithoutKeys: "create a key first, with `assistant keys add NAME{folders}`",
    ReaderDamaged: "install the program again, or set ASSISTANT_READER=false until then",
    TextMissing: (
        "run `assistant index{folders}` while a document still has this text, or restore the "
        "folder of texts from a backup"
    ),
}


def explain(error: Exception, arguments: Namespace) -> str:
    """Returns the error's message, followed by the remedy for its class if there is one."""
    if type(error) not in REMEDIES:
        return describe(error)
    remedy = REMEDIES[type(error)].format(folders=_folders(arguments))
    separator = "\n" if "\n" in str(error) else ": "
    return f"{error}{separator}{remedy}"


def _folders(arguments: Namespace) -> str:
    """The options that name the same folders again, ready for the shell."""
    named = {"--corpus": arguments.corpus, "--data": arguments.data}
    return "".join(f" {option} {shlex.quote(str(path))}" for option, path in named.items() if path)
