"""Makes the thesaurus of `assistant.english.thesaurus` from the database of WordNet 3.

    python -m assistant.training.thesaurus --wordnet FOLDER --tokenizer TOKENIZER --out FILE

FOLDER has the files data.noun, index.noun and so on, as they come with WordNet and with Debian's
package wordnet-base. Two words are similar if they are in one synset, derived from each other, or
in synsets of which one includes the other directly (a robin is a bird). Only the frequent senses
of a word count, and only words that the tokenizer knows whole.
"""

import argparse
import gzip
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from index.terms import stem

_PARTS = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
_MIN_SENSES, _MAX_SENSES = 3, 6
# Pointers: hypernym, instance of, hyponym, similar, entailment, cause, group, pertainym, attribute.
_NEAR = frozenset("@ @i ~ ~i & * > $ \\ =".split())
_DERIVED = "+"
_MARKER = re.compile(r"\(.*")  # the syntactic marker of an adjective

Sense = tuple[str, str]  # part of speech and offset in the file


@dataclass(frozen=True)
class _Synset:
    words: list[str]
    pointers: list[tuple[str, Sense, str]]


def main() -> None:
    """Writes one line per stem: the stem and the stems of similar words."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--wordnet", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    known = set(Tokenizer.from_file(str(arguments.tokenizer)).get_vocab())
    similar = similar_stems(arguments.wordnet, known)
    lines = [f"{word} {' '.join(sorted(similar[word]))}\n" for word in sorted(similar)]
    arguments.out.write_bytes(gzip.compress("".join(lines).encode(), mtime=0))


def similar_stems(folder: Path, known: set[str]) -> dict[str, set[str]]:
    """The stems of similar words by stem, in both directions."""
    synsets = dict(_synsets(folder))
    similar: dict[str, set[str]] = defaultdict(set)
    for word, senses in _senses(folder):
        if word not in known:
            continue
        for sense in senses:
            for other in _similar(word, synsets[sense], synsets):
                if other in known and stem(other) != stem(word):
                    similar[stem(word)].add(stem(other))
                    similar[stem(other)].add(stem(word))
    return similar


def _similar(word: str, synset: _Synset, synsets: dict[Sense, _Synset]) -> Iterator[str]:
    yield from synset.words
    for symbol, target, places in synset.pointers:
        words = synsets[target].words
        if symbol in _NEAR:
            yield from words
        elif symbol == _DERIVED:
            source, goal = int(places[:2], 16) - 1, int(places[2:], 16) - 1
            if synset.words[source] == word:
                yield words[goal]


def _synsets(folder: Path) -> Iterator[tuple[Sense, _Synset]]:
    for part, name in _PARTS.items():
        for line in _lines(folder / f"data.{name}"):
            fields = line.split("|")[0].split()
            count = int(fields[3], 16)
            words = [_MARKER.sub("", fields[4 + 2 * n]).lower() for n in range(count)]
            rest = fields[4 + 2 * count :]
            pointers = [
                (rest[n], (rest[n + 2].replace("s", "a"), rest[n + 1]), rest[n + 3])
                for n in range(1, 1 + 4 * int(rest[0]), 4)
            ]
            yield (part, fields[0]), _Synset(words, pointers)


def _senses(folder: Path) -> Iterator[tuple[str, list[Sense]]]:
    """The senses of each word that are tagged in WordNet's own texts, at least the first three."""
    for part, name in _PARTS.items():
        for line in _lines(folder / f"index.{name}"):
            fields = line.split()
            pointers = int(fields[3])
            tagged, offsets = int(fields[5 + pointers]), fields[6 + pointers :]
            kept = offsets[: min(max(_MIN_SENSES, tagged), _MAX_SENSES)]
            yield fields[0], [(part, offset) for offset in kept]


def _lines(path: Path) -> Iterator[str]:
    """The lines of a file without its licence, which is indented."""
    with path.open(encoding="utf-8") as lines:
        yield from (line for line in lines if not line.startswith("  "))


if __name__ == "__main__":
    main()
