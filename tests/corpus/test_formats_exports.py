"""Exports of wikis and folders of crawlers: the address of the original, pages of a space."""

import pytest
from canonical import headings, items, one

from corpus.formats import confluence
from corpus.formats.exports import original_url
from corpus.formats.extracted import NotExtracted

ID = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("path", "url"),
    [
        (f"Export/Guide {ID}.md", f"https://www.notion.so/{ID}"),
        (f"notion.zip/Team/Questions {ID}_all.csv", f"https://www.notion.so/{ID}"),
        ("mirror/docs.example.com/guide/index.html", "https://docs.example.com/guide/"),
        ("docs.example.com/a b.html", "https://docs.example.com/a%20b.html"),
        ("docs.example.com/page.php?id=3.html", "https://docs.example.com/page.php?id=3"),
        ("docs.example.com/page.php.html", "https://docs.example.com/page.php"),
        ("site.zip/example.org+8080/index.html", "https://example.org:8080/"),
        ("example.org/paper.pdf", "https://example.org/paper.pdf"),
        # No addresses:
        (f"Guide {ID[:31]}.md", ""),
        (f"{ID}.md", ""),
        ("handbook.zip/guide.html", ""),
        ("node.js/guide.html", ""),
        ("release.v2/guide.html", ""),
        ("example.org/notes.md", ""),
        ("example.org.html", ""),
        ("", ""),
    ],
)
def test_the_path_says_where_the_original_is(path: str, url: str) -> None:
    assert original_url(path) == url


BODY = (
    '<p>Press <strong>red</strong> &amp; wait.</p><ac:structured-macro ac:name="code">'
    '<ac:parameter ac:name="language">sh</ac:parameter><ac:plain-text-body><![CDATA[run <x> && y]]>'
    "</ac:plain-text-body></ac:structured-macro><ac:task-list><ac:task><ac:task-id>1</ac:task-id>"
    "<ac:task-status>complete</ac:task-status><ac:task-body>Test it.</ac:task-body></ac:task></ac:task-list>"
    '<p>See <ac:link><ri:page ri:content-title="B"/><ac:plain-text-link-body><![CDATA[page B]]></ac:plain-text-link-body></ac:link>.</p>'
)


def space(*pages: tuple[str, str, str]) -> bytes:
    """A space with pages of these titles, statuses and bodies."""
    objects = [
        f'<object class="Page" package="com.atlassian.confluence.pages"><id name="id">{number}</id>'
        f'<property name="title"><![CDATA[{title}]]></property>'
        '<property name="lastModificationDate">2024-05-01 10:00:00.000</property>'
        f'<property name="contentStatus"><![CDATA[{status}]]></property></object>'
        f'<object class="BodyContent"><id name="id">9{number}</id>'
        f'<property name="body"><![CDATA[{body.replace("]]>", "]] >")}]]></property>'
        f'<property name="content" class="Page"><id name="id">{number}</id></property></object>'
        for number, (title, status, body) in enumerate(pages)
    ]
    return (
        f'<?xml version="1.0"?><hibernate-generic>{"".join(objects)}</hibernate-generic>'.encode()
    )


def test_the_current_pages_of_a_space_are_documents() -> None:
    extracted = one(
        confluence.load(
            space(
                ("Reset / it", "current", BODY),
                ("Old", "draft", "<p>x</p>"),
                ("Empty", "current", ""),
            )
        )
    )
    assert extracted.member == "Reset   it 0"
    assert 'date: "2024-05-01"' in extracted.text and headings(extracted.text) == ["Reset / it"]
    assert "Press red & wait." in extracted.text and "See page B." in extracted.text
    assert "```\nrun <x> && y" in extracted.text and "language" not in extracted.text
    assert items(extracted.text) == ["Test it."]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"<rss/>", "XML of no known kind"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><hibernate-generic>&a;</hibernate-generic>', "entities"),
        (space(("Old", "draft", "<p>x</p>")), "no current page"),
    ],
)
def test_other_xml_is_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(NotExtracted, match=reason):
        list(confluence.load(raw))
