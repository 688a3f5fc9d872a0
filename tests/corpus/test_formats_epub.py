"""EPUB: chapters in the order of the book, as the HTML loader reads them."""

import pytest
from canonical import headings, one
from formats import HOLIDAYS, AskHandbook, write_handbook
from office_handbooks import OPF, EpubHandbook, epub

from corpus.formats.epub import load
from corpus.formats.extracted import NotExtracted

TITLE = "<dc:title>Rules</dc:title>"
ENCRYPTION = """<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<CipherReference URI="OEBPS/{}"/></encryption>"""


def parts(raw: bytes) -> list[str]:
    return one(load(raw)).text.strip().split("\n\n")


def test_answers_are_those_of_the_original(ask_handbook: AskHandbook) -> None:
    book = EpubHandbook()
    write_handbook(book)
    ask_handbook("handbook.epub", book.content(), places={HOLIDAYS: "chapter 6"})


def test_chapters_are_in_the_order_of_the_spine_without_the_contents() -> None:
    assert parts(epub(["<p>First.</p>", "<p>Second.</p>"])) == [
        "<!-- chapter 1 -->", "First.", "<!-- chapter 2 -->", "Second.",
    ]  # fmt: skip


def test_the_title_of_the_book_stands_above_its_chapters() -> None:
    raw = epub(["<h1>Leave</h1><h2>Days</h2><p>25.</p>", "<h1>Pay</h1><p>Enough.</p>"], TITLE)
    found = parts(raw)
    assert headings(one(load(raw)).text) == ["Rules", "Leave", "Days", "Pay"]
    assert found[0] == "# Rules" and {"## Leave", "### Days", "## Pay"} <= set(found)


NAV = """<html xmlns:epub="http://www.idpf.org/2007/ops"><nav epub:type="toc"><ol>
<li><a href="c0.xhtml#a">Leave</a><ol><li><a href="c0.xhtml#b">Days off</a></li></ol></li>
<li><a href="c1.xhtml">Pay</a></li></ol></nav></html>"""
NCX = """<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>
<navPoint><navLabel><text>Leave</text></navLabel><content src="c0.xhtml#a"/>
<navPoint><navLabel><text>Days off</text></navLabel><content src="c0.xhtml#b"/></navPoint></navPoint>
<navPoint><navLabel><text>Pay</text></navLabel><content src="c1.xhtml"/></navPoint></navMap></ncx>"""
NCX_ITEM = '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'


@pytest.mark.parametrize("is_nav", [True, False], ids=["EPUB 3", "EPUB 2"])
def test_headings_are_what_the_table_of_contents_names(is_nav: bool) -> None:
    first = "<p>Leave</p><p>Few.</p><ol><li><h3>Days off</h3></li></ol><p>Many.</p>"
    package = OPF.format(
        metadata=TITLE,
        items="".join(
            f'<item id="{n}" href="{n}.xhtml" media-type="application/xhtml+xml" {properties}/>'
            for n, properties in (("c0", ""), ("c1", ""), ("nav", 'properties="nav"' * is_nav))
        )
        + NCX_ITEM,
        spine='<itemref idref="c0"/><itemref idref="c1"/>',
    )
    members = {"OEBPS/nav.xhtml": NAV} if is_nav else {"OEBPS/toc.ncx": NCX}
    found = parts(epub([first, "<p>Enough.</p>"], **{"OEBPS/book.opf": package, **members}))
    assert found == [
        "# Rules", "<!-- chapter 1 -->", "## Leave", "Few.", "### Days off", "Many.",
        "<!-- chapter 2 -->", "## Pay", "Enough.",
    ]  # fmt: skip


def test_metadata_is_read_from_the_package() -> None:
    facts = f'{TITLE}<dc:creator>Ada</dc:creator><dc:language>nb</dc:language><meta property="dcterms:modified">2024-05-01T10:00:00Z</meta>'
    assert parts(epub(["<p>Text.</p>"], facts))[0] == (
        '---\ndate: "2024-05-01"\nauthor: "Ada"\nlanguage: "nb"\n---'
    )


def test_elements_that_xhtml_closes_in_their_tag_hide_nothing() -> None:
    assert parts(epub(["<script src='x.js'/><p>First.<br/>Line.</p><iframe/><p>Last.</p>"]))[-1] == "Last."  # fmt: skip


def test_chapters_outside_the_reading_order_are_left_out() -> None:
    items = "".join(
        f'<item id="{n}" href="{n}.xhtml" media-type="application/xhtml+xml"/>'
        for n in ("c0", "c1")
    )
    package = OPF.format(
        metadata="", items=items, spine='<itemref idref="c1" linear="no"/><itemref idref="c0"/>'
    )
    raw = epub(["<p>In.</p>", "<p>Out.</p>"], **{"OEBPS/book.opf": package})
    assert parts(raw) == ["<!-- chapter 1 -->", "In."]


def test_encrypted_and_missing_chapters_are_named_and_the_others_read() -> None:
    chapters = ["<p>First.</p>", "<p>Second.</p>"]
    protected = epub(chapters, **{"META-INF/encryption.xml": ENCRYPTION.format("c1.xhtml")})
    extracted = one(load(protected))
    assert "First." in extracted.text
    assert extracted.left_out == ("chapter 2: is encrypted (copy protection)",)
    with pytest.raises(NotExtracted, match="contains no text; chapter 1: is encrypted"):
        list(load(epub(chapters[:1], **{"META-INF/encryption.xml": ENCRYPTION.format("c0.xhtml")})))


@pytest.mark.parametrize(
    "href", ["../../../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "https://x.org/a"]
)
def test_paths_lead_nowhere_outside_the_book(href: str) -> None:
    items = f'<item id="a" href="{href}" media-type="application/xhtml+xml"/>'
    package = OPF.format(metadata="", items=items, spine='<itemref idref="a"/>')
    with pytest.raises(NotExtracted, match="chapter 1: is damaged .* is missing"):
        list(load(epub([], **{"OEBPS/book.opf": package})))


def test_entities_bombs_and_missing_packages_are_named() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaa">]><package/>'
    for members, reason in (
        ({"OEBPS/book.opf": bomb}, "defines entities"),
        ({"OEBPS/book.opf": "<package>"}, "is damaged"),
        ({"META-INF/container.xml": "<container/>"}, "its package is missing"),
        ({"OEBPS/big.xhtml": " " * (260 * 2**20)}, "more than 256 MB unpacked"),
        ({"OEBPS/c0.xhtml": " " * (17 * 2**20)}, "more than 16 MB"),
    ):
        with pytest.raises(NotExtracted, match=reason):
            list(load(epub(["<p>Text.</p>"], **members)))
