"""The lists of AsciiDoc that are open at a line, and what belongs to their items."""

from dataclasses import dataclass, field

CALLOUT = "<"  # the mark of the items that explain code; no list is inside such an item
# Terms of a description list, which are no items.
_TERM_MARKS = frozenset((":" * 2, ":" * 3, ":" * 4, ";;"))


@dataclass
class OpenLists:
    """The marks of the open lists, outermost first, and the last number of each.

    `outer_items` are those around the block that the lists are in. `is_attached` is whether the
    next block belongs to the last item: because of a "+", or because no empty line is in between.
    """

    marks: list[tuple[str, int]] = field(default_factory=list)
    outer_items: int = 0
    is_attached: bool = False

    @property
    def items(self) -> int:
        """The number of items that are open."""
        return self.outer_items + sum(mark not in _TERM_MARKS for mark, _ in self.marks)

    def open(self, mark: str, first: int = 1, number: int | None = None) -> int:
        """Returns the number of an item with the mark: `number` if it says one, else the next of
        its list, or `first` if no open list has the mark. Such a mark opens a list inside them."""
        following = first
        if mark != CALLOUT and self.marks and self.marks[-1][0] == CALLOUT:
            self.marks.pop()
        marks = [each for each, _ in self.marks]
        if mark in marks:
            self.marks = self.marks[: marks.index(mark) + 1]
            following = self.marks.pop()[1] + 1
        self.marks.append((mark, following if number is None else number))
        return self.marks[-1][1]

    def take_block(self) -> None:
        """Ends the lists unless the block that follows is attached."""
        if not self.is_attached:
            self.marks = []
        self.is_attached = False

    def inside(self) -> "OpenLists":
        """Returns those inside a block that belongs to the last item."""
        return OpenLists(outer_items=self.items)
