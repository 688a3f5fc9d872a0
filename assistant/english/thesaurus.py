"""Words that mean nearly the same, from WordNet 3: synonyms, derived words, and the next more
general or more special word.

`thesaurus.txt.gz` is made by `assistant.training.thesaurus`; `thesaurus-license.txt` is WordNet's
licence. It is read when it is first needed.
"""

import gzip
from functools import lru_cache
from importlib.resources import files

_NONE: frozenset[str] = frozenset()


def similar(word: str) -> frozenset[str]:
    """The stems of words that mean nearly the same as the word with this stem."""
    return _thesaurus().get(word, _NONE)


@lru_cache(maxsize=1)
def _thesaurus() -> dict[str, frozenset[str]]:
    packed = files("assistant.english").joinpath("thesaurus.txt.gz").read_bytes()
    lines = gzip.decompress(packed).decode().splitlines()
    return {word: frozenset(others) for word, *others in map(str.split, lines)}
