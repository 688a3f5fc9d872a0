"""Lays out a question and the sentences of a passage as one row of token ids.

Training and serving both use this module, so the weights always see the layout they were trained
on. Knows the tokenizer; knows nothing of weights, passages or scores.

    [CLS] question [SEP] (title [SEP]) sentence [SEP] sentence [SEP] ...
      0       0      0      0     0       1       1      1       1       <- types

The marker of a sentence is the [SEP] after it; its score is the model's `sentences` output at that
position. A title has no score, so it has type 0 like the question.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike, fspath

from tokenizers import Tokenizer

MAX_ROW_TOKENS = 256
MAX_QUESTION_TOKENS = 64
MAX_TITLE_TOKENS = 32
MAX_SENTENCE_TOKENS = 80
MIN_SENTENCE_TOKENS = 8  # a sentence is left out if fewer of its tokens fit


class LayoutError(ValueError):
    """The tokenizer or the token limit cannot give a row that the reader understands."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One row for the reader. `ids` and `types` have the same length, without padding.

    `markers[i]` is the position of sentence i's marker in `ids`, -1 if the sentence did not fit.
    """

    ids: tuple[int, ...]
    types: tuple[int, ...]
    markers: tuple[int, ...]


def open_tokenizer(path: str | PathLike[str]) -> Tokenizer:
    """Loads a `tokenizer.json`, with its padding and truncation turned off."""
    tokenizer = Tokenizer.from_file(fspath(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def lay_out(
    tokenizer: Tokenizer,
    question: str,
    sentences: Sequence[str],
    title: str | None = None,
    max_tokens: int = MAX_ROW_TOKENS,
) -> Layout:
    """Lays out question, title and as many leading sentences as fit into `max_tokens` tokens.

    Each part is truncated to its own maximum. The sentence that reaches the limit is truncated to
    the remaining tokens; if these are fewer than 8, it and all later ones are left out.
    Raises LayoutError if the tokenizer pads or truncates (see `open_tokenizer`) or lacks [CLS] or
    [SEP], or if `max_tokens` leaves no room for a sentence.
    """
    if tokenizer.padding is not None or tokenizer.truncation is not None:
        raise LayoutError("the tokenizer pads or truncates; load it with open_tokenizer")
    cls, sep = _special(tokenizer, "[CLS]"), _special(tokenizer, "[SEP]")
    texts = [question, title or "", *sentences]
    question_ids, title_ids, *sentence_ids = (
        encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)
    )
    ids = [cls, *question_ids[:MAX_QUESTION_TOKENS], sep]
    if title_ids:
        ids += [*title_ids[-MAX_TITLE_TOKENS:], sep]
    context = len(ids)
    if max_tokens - context <= MIN_SENTENCE_TOKENS:
        raise LayoutError(
            f"{max_tokens} tokens leave no room for a sentence after {context} of the question"
        )
    markers = [-1] * len(sentence_ids)
    for number, sentence in enumerate(sentence_ids):
        room = min(max_tokens - len(ids) - 1, MAX_SENTENCE_TOKENS)
        if room < min(len(sentence), MIN_SENTENCE_TOKENS):
            break
        ids += [*sentence[:room], sep]
        markers[number] = len(ids) - 1
    types = [0] * context + [1] * (len(ids) - context)
    return Layout(tuple(ids), tuple(types), tuple(markers))


def _special(tokenizer: Tokenizer, token: str) -> int:
    number = tokenizer.token_to_id(token)
    if number is None:
        raise LayoutError(f"the tokenizer has no {token}; the reader needs a BERT vocabulary")
    return int(number)
