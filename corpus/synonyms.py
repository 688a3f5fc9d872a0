"""Synonyms of one corpus: the file `synonyms.txt` beside the folder of documents."""

from pathlib import Path

from corpus.errors import SynonymsInvalid

NAME = "synonyms.txt"
_MAX_BYTES = 2**20
_MAX_GROUPS = 5000
_MAX_PHRASES = 20  # in a group
_MAX_CHARACTERS = 80  # of a phrase

Groups = tuple[tuple[str, ...], ...]


def synonyms_path(corpus: Path) -> Path:
    """Returns the path of the file that belongs to a folder of documents."""
    return corpus.resolve().parent / NAME


def read_synonyms(path: Path) -> Groups:
    """Returns the groups of a file: one a line, phrases separated by commas; blank lines and lines
    that start with # are skipped. No groups if there is no file.

    Raises SynonymsInvalid, with the number of the line, if a line is no group.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise SynonymsInvalid(f"{path} is larger than {_MAX_BYTES // 2**20} MB")
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise SynonymsInvalid(f"{path} cannot be read ({error})") from error
    groups = []
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                groups.append(_group(line))
            except ValueError as error:
                raise SynonymsInvalid(f"{path}, line {number}: {error}") from error
    if len(groups) > _MAX_GROUPS:
        raise SynonymsInvalid(f"{path} has {len(groups):,} groups, at most {_MAX_GROUPS:,}")
    return tuple(groups)


def _group(line: str) -> tuple[str, ...]:
    phrases = tuple(dict.fromkeys(" ".join(part.split()) for part in line.split(",")))
    if len(phrases) < 2:
        raise ValueError("expected at least two different phrases, separated by a comma")
    if len(phrases) > _MAX_PHRASES:
        raise ValueError(f"{len(phrases)} phrases, at most {_MAX_PHRASES} are allowed")
    for phrase in phrases:
        if not any(character.isalnum() for character in phrase):
            raise ValueError(f"the phrase {phrase!r} has no word")
        if len(phrase) > _MAX_CHARACTERS:
            raise ValueError(f"a phrase has {len(phrase)} characters, at most {_MAX_CHARACTERS}")
    return phrases
