"""The data of charts as tables, and the words of diagrams."""

from collections.abc import Iterator

from corpus.formats.office import Element, child

_MAX_SERIES, _MAX_POINTS = 50, 500


def chart_table(tree: Element) -> tuple[str, list[list[str]]]:
    """Returns the title of a chart and its data: a row for each category, a column for each
    series; no rows if it stores none."""
    chart = child(tree, "c:chart")
    title = child(chart, "c:title")
    series = [each for each in tree.iter() if each.tag == "c:ser"][:_MAX_SERIES]
    names = [" ".join(_points(child(each, "c:tx")).values()) for each in series]
    categories: dict[int, str] = {}
    values = []
    for each in series:
        for kind in ("c:cat", "c:xVal"):
            categories = _points(child(each, kind)) | categories
        values.append(_points(child(each, "c:val")) or _points(child(each, "c:yVal")))
    rows = [
        [categories.get(at, ""), *(points.get(at, "") for points in values)]
        for at in sorted({*categories, *(at for points in values for at in points)})
    ]
    return words(title), [["", *names], *rows[:_MAX_POINTS]] if rows else []


def _points(element: Element | None) -> dict[int, str]:
    """The stored values, by position."""
    found = {}
    for each in element.iter() if element is not None else ():
        if each.tag == "c:pt" and each.get("idx", "").isdigit():
            text = child(each, "c:v")
            found[int(each.get("idx", ""))] = _shown(text.text or "" if text is not None else "")
    return found


def _shown(value: str) -> str:
    """A number without the noise of binary fractions."""
    try:
        return f"{float(value):.10g}" if "." in value or "E" in value.upper() else value
    except ValueError:
        return value


def diagram_words(tree: Element) -> Iterator[str]:
    """Yields the words of each part of a diagram (SmartArt) that has some."""
    for each in tree.iter():
        if each.tag == "dgm:t" and (found := words(each)):
            yield found


def words(element: Element | None) -> str:
    """Returns all text below an element."""
    if element is None:
        return ""
    texts = (each.text or "" for each in element.iter() if each.tag == "a:t")
    return " ".join("".join(texts).split())
