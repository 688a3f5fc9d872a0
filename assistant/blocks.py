"""Blocks: the parts of a passage that can be quoted as an answer and understood alone.

A sentence that announces code or a list comes with it, a step with the other steps, a nested item
with the items around it, a sentence that refers back with the sentence before it. Of a row, only
the cells that are asked for are quoted, with the headings of their columns.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from assistant.english.expected import has_type_of
from assistant.english.question import Question
from assistant.english.statements import refers_back
from corpus.document import Kind, Passage, Unit
from corpus.markup import strip_markup
from index.terms import content_words, stems

# Share of a cell's words that a question has if the cell names what it is about.
_MIN_NAMED = 0.6
# Words. A list up to this size is quoted whole if one of its items answers; steps, which depend on
# each other, up to the second size.
_MAX_LIST_WORDS, _MAX_STEPS_WORDS = 60, 150
# Words. A paragraph, a list or table, and an FAQ pair or short passage up to these sizes are
# candidates as a whole.
_MAX_PARAGRAPH_WORDS, _MAX_WHOLE_LIST_WORDS, _MAX_WHOLE_WORDS = 90, 150, 130
_LISTED = (Kind.ITEM, Kind.CODE)
_BLANK_LINE = "\n\n"

PROSE = (Kind.PARAGRAPH, Kind.ANSWER)
"""The kinds of sentences."""

Places = tuple[int, ...]
"""Places of units in their passage, ascending."""


def quotable_blocks(passage: Passage, anchors: Collection[int]) -> list[Places]:
    """The candidates for an answer that have one of these units, each once: a unit with what it
    needs to be understood, two sentences in a row, paragraphs, lists and tables, and the whole
    passage if it is short. The work is linear in the passage for each anchor."""
    around = {place: block_of(passage, place) for place in sorted(anchors)}
    blocks = [*around.values()]
    blocks += [[place] for place in around if passage.units[place].kind is Kind.HEADING]
    blocks += [
        sorted({*around[place], *around[place + 1]})
        for place in around
        if place + 1 in around
        and passage.units[place].kind in PROSE
        and passage.units[place + 1].kind is passage.units[place].kind
    ]
    limits = (
        (_paragraphs(passage), _MAX_PARAGRAPH_WORDS),
        (lists(passage), _MAX_WHOLE_LIST_WORDS),
        ([[*range(len(passage.units))]], _MAX_WHOLE_WORDS),
    )
    for places, limit in ((each, limit) for found, limit in limits for each in found):
        if not around.keys().isdisjoint(places) and count_words(passage, places) <= limit:
            blocks.append(places)
    quotable = (_without_headers(passage, block) for block in blocks)
    return list(dict.fromkeys(block for block in quotable if block))


def lists(passage: Passage) -> list[list[int]]:
    """The lists and tables of a passage, each with the sentence that introduces it."""
    found: list[list[int]] = []
    for place, unit in enumerate(passage.units):
        kind = _list_kind(passage, found[-1][-1]) if found and found[-1][-1] == place - 1 else None
        if kind is not None and (unit.kind is kind or (unit.kind, kind) == (Kind.CODE, Kind.ITEM)):
            found[-1].append(place)
        elif unit.kind in (Kind.ITEM, Kind.ROW):
            found.append([place])
    return [[*_introduction(passage, places[0]), *places] for places in found]


def is_part_of_list(
    passage: Passage, places: Sequence[int], found: Sequence[Sequence[int]]
) -> bool:
    """Whether the places have some items or rows of one of the `lists` of the passage, not all."""
    quoted = _listed(passage, places)
    every = (_listed(passage, each) for each in found)
    return any(quoted & each and not each <= quoted for each in every)


def is_cut_list(passage: Passage, places: Sequence[int]) -> bool:
    """Whether they have several items of a list, but not all: it would seem complete."""
    items = [place for place in places if passage.units[place].kind is Kind.ITEM]
    return len(items) > 1 and is_part_of_list(passage, items, lists(passage))


def _listed(passage: Passage, places: Sequence[int]) -> set[int]:
    return {place for place in places if passage.units[place].kind in (Kind.ITEM, Kind.ROW)}


def _list_kind(passage: Passage, place: int) -> Kind:
    """The kind of the list that the unit is in; code stands between the items of one."""
    return Kind.ROW if passage.units[place].kind is Kind.ROW else Kind.ITEM


def _paragraphs(passage: Passage) -> list[list[int]]:
    """Sentences of the same kind that no blank line separates."""
    found: list[list[int]] = []
    for place, unit in enumerate(passage.units):
        before = passage.units[place - 1] if place else None
        continues = (
            before is not None
            and before.kind is unit.kind
            and _BLANK_LINE not in passage.at(before.end, unit.start)
        )
        if unit.kind in PROSE and continues:
            found[-1].append(place)
        elif unit.kind in PROSE:
            found.append([place])
    return found


def quoted_units(question: Question, passage: Passage, places: Sequence[int]) -> list[Unit]:
    """The units as they are quoted: behind the headings that date them, each once, and of rows the
    cells that are asked for."""
    quoted = (
        each
        for place in places
        for each in with_headings(passage, asked_cells(question, passage, passage.units[place]))
    )
    return list(dict.fromkeys(quoted))


def _without_headers(passage: Passage, places: Sequence[int]) -> Places:
    return tuple(place for place in places if passage.units[place].kind is not Kind.HEADER)


def block_of(passage: Passage, place: int) -> list[int]:
    """The places of the units to quote with the unit at `place`, in order, itself included."""
    unit = passage.units[place]
    if unit.kind is Kind.HEADING:
        return [place, *(_below(passage, place) or _announced(passage, place))]
    if unit.kind is Kind.ITEM or (unit.kind is Kind.CODE and unit.parents):
        return _with_list(passage, place)
    if unit.kind is Kind.CODE:
        return [*_introduction(passage, place), place]
    if unit.kind not in PROSE:
        return [place]
    places = [place]
    if place and passage.units[place - 1].kind is unit.kind and refers_back(passage.source(unit)):
        places.insert(0, place - 1)
    return places + _announced(passage, place)


def _below(passage: Passage, place: int) -> list[int]:
    """What stands below a heading that dates it, unless that is long."""
    span = _span(passage, place)
    places = [n for n in range(place + 1, len(passage.units)) if span in passage.units[n].above]
    return places if count_words(passage, places) <= _MAX_STEPS_WORDS else []


def release_of(question: Question, passage: Passage, place: int) -> int:
    """The place of the release that the unit at `place` belongs to if the question names nothing
    but that, "what changed in 3.2.0?"; else the place itself."""
    unit = passage.units[place]
    if not unit.above:
        return place
    own = " ".join(passage.at(*span) for span in (*unit.above[1:], (unit.start, unit.end)))
    if stems(own) & frozenset(question.terms):
        return place
    spans = [_span(passage, n) for n in range(place)]
    return spans.index(unit.above[0]) if unit.above[0] in spans else place


def with_headings(passage: Passage, unit: Unit) -> list[Unit]:
    """The unit behind the headings that date it."""
    above = [
        Unit(Kind.HEADING, *span, above=unit.above[:n])
        for n, span in enumerate(unit.above)
        if passage.at(*span)
    ]
    return [*above, unit]


def _announced(passage: Passage, place: int) -> list[int]:
    """The code or the list right behind a sentence that announces it."""
    unit = passage.units[place]
    following = place + 1
    if following >= len(passage.units) or passage.units[following].lead != (unit.start, unit.end):
        return []
    if passage.units[following].kind is Kind.CODE:
        return _run(passage, following, (Kind.CODE,))
    if passage.units[following].kind is Kind.ITEM:
        return _run(passage, following, _LISTED)
    return []


def _run(passage: Passage, place: int, kinds: tuple[Kind, ...]) -> list[int]:
    """The places from `place` on with the same introduction."""
    lead = passage.units[place].lead
    end = place
    while end < len(passage.units):
        unit = passage.units[end]
        if unit.kind not in kinds or (unit.lead != lead and not unit.parents):
            break
        end += 1
    return list(range(place, end))


def _with_list(passage: Passage, place: int) -> list[int]:
    """An item with its list, or, if that is long, with the items around it and what is below it."""
    first = place
    while first and passage.units[first - 1].kind in _LISTED:
        first -= 1
    end = place + 1
    while end < len(passage.units) and passage.units[end].kind in _LISTED:
        end += 1
    whole = [*_introduction(passage, first), *range(first, end)]
    is_steps = any(passage.units[n].number for n in range(first, end))
    if count_words(passage, whole) <= (_MAX_STEPS_WORDS if is_steps else _MAX_LIST_WORDS):
        return whole
    unit = passage.units[place]
    around = [n for n in range(first, place) if _span(passage, n) in unit.parents]
    below = [n for n in range(place + 1, end) if _span(passage, place) in passage.units[n].parents]
    if not below and unit.kind is Kind.ITEM and passage.source(unit).rstrip().endswith(":"):
        below = list(range(place + 1, min(place + 2, end)))
    return [*around, place, *below]


def _introduction(passage: Passage, place: int) -> list[int]:
    """The place of the sentence that introduces the unit, if it stands right before it."""
    lead = passage.units[place].lead
    before = place - 1
    return [before] if place and lead == _span(passage, before) else []


def _span(passage: Passage, place: int) -> tuple[int, int]:
    return passage.units[place].start, passage.units[place].end


def count_words(passage: Passage, places: Sequence[int]) -> int:
    """The number of words of the units."""
    return sum(len(passage.source(passage.units[place]).split()) for place in places)


def asked_cells(question: Question, passage: Passage, unit: Unit) -> Unit:
    """The row reduced to its labels and the cells that the question asks for: those whose column
    heading has words of the question, else those of the type that it asks for, else those that have
    such words themselves. The whole row if there are none. A label that the question does not have,
    such as a number, comes with the cell that names the thing."""
    if unit.kind is not Kind.ROW or len(unit.columns) != len(unit.cells) or not unit.cells:
        return unit
    cells = [strip_markup(_at(passage, cell)) for cell in unit.cells]
    headings = [strip_markup(_at(passage, column)) for column in unit.columns]
    labels = range(min(unit.labels, len(cells)))
    terms = frozenset(question.terms)
    naming = [n for n in labels if stems(cells[n]) & terms] or [
        n for n, cell in enumerate(cells) if n not in labels and _names(terms, cell)
    ][:1]
    wanted = terms - frozenset().union(*(stems(cells[n]) for n in (*labels, *naming)))
    others = [n for n, cell in enumerate(cells) if cell and n not in {*labels, *naming}]
    asked = (
        _best({n: len(wanted & stems(headings[n])) for n in others})
        or [n for n in others if has_type_of(question, headings[n], cells[n])]
        or _best({n: len(wanted & stems(cells[n])) for n in others})
    )
    if not asked:
        return unit
    kept = sorted({*labels, *naming, *asked})
    return replace(
        unit,
        cells=tuple(unit.cells[n] for n in kept),
        columns=tuple(unit.columns[n] for n in kept),
    )


def _names(terms: frozenset[str], cell: str) -> bool:
    """Whether the question has most words of the cell."""
    own = stems(" ".join(content_words(cell)))
    return bool(own) and len(own & terms) >= _MIN_NAMED * len(own)


def _best(scores: Mapping[int, int]) -> list[int]:
    """The cells with the highest score; none if that is 0."""
    best = max(scores.values(), default=0)
    return [n for n, score in scores.items() if score == best] if best else []


def _at(passage: Passage, span: tuple[int, int]) -> str:
    inside = passage.start <= span[0] < span[1] <= passage.end
    return passage.at(*span) if inside else ""
