"""How a question and the sentences of a passage lie in one row of token ids.

The one place that knows this: training and answering both come here, so the weights always see what
they were trained on. It knows the tokenizer and nothing of weights, passages or scores.

    [CLS] question [SEP] (title [SEP]) sentence [SEP] sentence [SEP] ...
      0       0      0      0     0       1       1      1       1       <- types

The marker of a sentence is the [SEP] that closes it; its score is the model's `sentences` output at
that position. A title is context only and has no score, so it shares type 0 with the question.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike, fspath

from tokenizers import Tokenizer

LIMIT = 256  # tokens in a row, all told
QUESTION_TOKENS = 64
TITLE_TOKENS = 16
SENTENCE_TOKENS = 80
SHORTEST_CUT = 8  # a sentence is not begun where fewer of its tokens would fit


class LayoutError(ValueError):
    """The tokenizer or the limit cannot give a row the reader understands."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One row for the reader: `ids` and `types` are equally long and hold no padding.

    `markers[i]` is the position of sentence i's marker in `ids`, or -1 where the sentence did not
    fit.
    """

    ids: tuple[int, ...]
    types: tuple[int, ...]
    markers: tuple[int, ...]


def open_tokenizer(path: str | PathLike[str]) -> Tokenizer:
    """The tokenizer of a `tokenizer.json`, without the padding and truncation it may ask for."""
    tokenizer = Tokenizer.from_file(fspath(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def lay_out(
    tokenizer: Tokenizer,
    question: str,
    sentences: Sequence[str],
    title: str | None = None,
    limit: int = LIMIT,
) -> Layout:
    """Lay `question`, `title` and as many leading `sentences` as fit into at most `limit` tokens.

    Each part is cut to its share (64, 16 and 80 tokens). The sentence that meets the limit is cut
    to what room is left, or left out with all that follow where that would be less than 8 tokens.
    `LayoutError` where the tokenizer pads or truncates (see `open_tokenizer`), lacks [CLS] or
    [SEP], or `limit` leaves no room for one sentence.
    """
    if tokenizer.padding is not None or tokenizer.truncation is not None:
        raise LayoutError("the tokenizer pads or truncates; get it from open_tokenizer")
    opening, closing = _special(tokenizer, "[CLS]"), _special(tokenizer, "[SEP]")
    texts = [question, title or "", *sentences]
    asked, heading, *parts = (
        encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)
    )
    ids = [opening, *asked[:QUESTION_TOKENS], closing]
    if heading:
        ids += [*heading[:TITLE_TOKENS], closing]
    context = len(ids)
    if limit - context <= SHORTEST_CUT:
        raise LayoutError(f"limit {limit} leaves no room for a sentence after {context} tokens")
    markers = [-1] * len(parts)
    for number, part in enumerate(parts):
        room = min(limit - len(ids) - 1, SENTENCE_TOKENS)
        if room < min(len(part), SHORTEST_CUT):
            break
        ids += [*part[:room], closing]
        markers[number] = len(ids) - 1
    types = [0] * context + [1] * (len(ids) - context)
    return Layout(tuple(ids), tuple(types), tuple(markers))


def _special(tokenizer: Tokenizer, token: str) -> int:
    number = tokenizer.token_to_id(token)
    if number is None:
        raise LayoutError(f"the tokenizer has no {token}; the reader needs a BERT vocabulary")
    return int(number)
