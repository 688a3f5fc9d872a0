"""Decides which neighbouring blocks make one passage."""

from collections.abc import Sequence

from corpus.document import Block, Document, Kind

# Characters. The encoder reads 256 tokens, in English about 1,000 characters with the headings.
MAX_PASSAGE_CHARS = 900
# Adjacent paragraphs of a section are joined up to this size: a short line alone is rarely found.
MAX_JOINED_CHARS = 600
# A paragraph right before a table or a code block introduces it up to this size.
MAX_LEAD_CHARS = 300

_MAX_MARKS = 4  # of emphasis behind a colon, and the colon; characters

HEADINGS = frozenset({Kind.HEADING, Kind.QUESTION})
_TABLE = frozenset({Kind.HEADER, Kind.ROW})
PROSE = frozenset({Kind.PARAGRAPH, Kind.ANSWER})


def run_length(document: Document, blocks: Sequence[Block], at: int) -> int:
    """Returns how many blocks from `at` on belong together."""
    count = 1
    while at + count < len(blocks) and _belongs(document, blocks, at, at + count):
        count += 1
    return count


def _belongs(document: Document, blocks: Sequence[Block], first: int, at: int) -> bool:
    """Whether the block `at` belongs to the passage that starts with the block `first`."""
    start, before, block = blocks[first], blocks[at - 1], blocks[at]
    if block.kind is Kind.BOILERPLATE or (block.kind in HEADINGS and not block.answers):
        return False
    if start.answers or block.answers:
        return start.answers and block.answers
    if block.kind in _TABLE or before.kind in _TABLE:
        return _joins_table(document, before, block, is_first=at - 1 == first)
    if _in_list(block) or _in_list(before):
        return _joins_list(document, before, block)
    return _joins_prose(document, blocks, first, at)


def _joins_table(document: Document, before: Block, block: Block, *, is_first: bool) -> bool:
    """A row joins its table, a table the caption in front, if that opens the passage."""
    if block.kind not in _TABLE:
        return False
    if before.kind in _TABLE:
        return block.kind is not Kind.HEADER
    return is_first and _introduces(document, before)


def _joins_list(document: Document, before: Block, block: Block) -> bool:
    """An item joins its list, a list the sentence that opens it."""
    if not _in_list(block):
        return False
    return _same_list(before, block) if _in_list(before) else _ends_with_colon(document, before)


def _joins_prose(document: Document, blocks: Sequence[Block], first: int, at: int) -> bool:
    """A short paragraph joins the one before it, code what announces it. A sentence that opens a
    list or a table starts a passage of its own."""
    block = blocks[at]
    joined = block.end - blocks[first].start
    if block.kind is Kind.CODE:
        return joined <= MAX_PASSAGE_CHARS or _ends_with_colon(document, blocks[at - 1])
    following = blocks[at + 1] if at + 1 < len(blocks) else None
    opens = following is not None and following.kind in (Kind.ITEM, *_TABLE)
    if opens and _ends_with_colon(document, block):
        return False
    has_code = any(b.kind is Kind.CODE for b in blocks[first:at])
    return joined <= (MAX_PASSAGE_CHARS if has_code else MAX_JOINED_CHARS)


def _in_list(block: Block) -> bool:
    """Whether the block is an item or stands inside one."""
    return block.kind is Kind.ITEM or block.level > 0


def _same_list(before: Block, block: Block) -> bool:
    """Whether two neighbours are of one list: its numbers go on, or it has none."""
    if block.kind is not Kind.ITEM or block.level > 1 or before.level > 1:
        return True
    is_bullet = before.kind is Kind.ITEM and not before.number
    return block.number != 1 and not (block.number and is_bullet)


def _ends_with_colon(document: Document, block: Block) -> bool:
    ending = document.text[max(block.start, block.end - _MAX_MARKS) : block.end]
    return block.kind in PROSE and ending.rstrip("*_ ").endswith(":")


def _introduces(document: Document, block: Block) -> bool:
    """Whether a block can be the caption of a table."""
    short = block.end - block.start <= MAX_LEAD_CHARS
    return block.kind in PROSE and (short or document.text[block.end - 1] == ":")
