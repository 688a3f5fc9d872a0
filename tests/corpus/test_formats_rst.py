"""reStructuredText: the handbook, what Sphinx adds, and what may not be read."""

from pathlib import Path

import pytest
from canonical import entries, headings, one, rows
from data_handbooks import RstHandbook
from formats import AskHandbook, write_handbook

from corpus.formats import rst
from corpus.formats.extracted import NotExtracted


def test_answers_are_those_of_the_original(ask_handbook: AskHandbook) -> None:
    book = RstHandbook()
    write_handbook(book)
    ask_handbook("handbook.rst", book.content())


def load(text: str) -> str:
    return one(rst.load(text.encode())).text


def test_fields_at_the_top_are_metadata() -> None:
    text = load("Leave\n=====\n\n:Author: Ann Lee\n:Date: 2024-05-01\n\nText.\n")
    assert text == '---\ndate: "2024-05-01"\nauthor: "Ann Lee"\n---\n\n# Leave\n\nText.\n'


def test_cells_over_several_rows_and_columns_are_repeated() -> None:
    text = load(
        "+---+---+\n| A | B |\n+===+===+\n| x | 1 |\n|   +---+\n|   | 2 |\n+---+---+\n| both  |\n+-------+\n"
    )
    assert rows(text) == [["A", "B"], ["x", "1"], ["x", "2"], ["both", "both"]]


def test_items_keep_their_numbers_code_and_nested_lists() -> None:
    text = load(
        "3. First.\n\n   More.\n\n   .. code-block:: sh\n      :linenos:\n\n      run --now\n\n4. Second.\n\n   - nested\n"
    )
    assert (
        "3. First.\n\n    More.\n\n    ```\n    run --now\n    ```\n\n4. Second.\n    - nested\n"
        in text
    )


@pytest.mark.parametrize("name", ["dropdown", "admonition", "details", "tab-item", "topic"])
def test_a_title_that_asks_is_a_question(name: str) -> None:
    text = load(f".. {name}:: Can I carry it over?\n   :open:\n\n   Yes, you can.\n")
    assert entries(text) == [("Can I carry it over?", ["Yes, you can."])]


def test_directives_and_roles_of_sphinx_show_their_text() -> None:
    text = load(
        "See :doc:`the guide <guide>` and :func:`~os.path.join`.\n\n.. versionadded:: 2.0\n   The thing.\n\n"
        ".. py:function:: open(x)\n\n   Opens it.\n\n.. glossary::\n\n   seat\n      One user.\n"
    )
    for words in (
        "See the guide and os.path.join.",
        "Added in version 2.0: The thing.",
        "open(x)",
        "Opens it.",
    ):
        assert words in text
    assert text.endswith("seat\n: One user.\n")


def test_objects_say_their_type_and_versions_what_happened_in_them() -> None:
    text = load(
        ".. confval:: theme\n   :type: str\n   :default: ``dark``\n\n   The colours.\n\n.. deprecated:: 3.1\n\n   Use *x*.\n\n"
        ".. versionchanged:: 3\n\n.. glossary::\n\n   seat\n   place\n     One user.\n"
    )
    assert text == (
        "**theme**\n\ntype: str\n\ndefault: dark\n\nThe colours.\n\nDeprecated since version 3.1: Use x.\n\n"
        "Changed in version 3\n\nseat, place\n: One user.\n"
    )


def test_references_show_titles_of_the_text_or_the_words_of_their_label() -> None:
    text = load(
        "Top\n===\n\nSee :ref:`part-two`, :ref:`other <part-two>`, :numref:`fig`, :ref:`First part`, :ref:`no_such-label`"
        " and :doc:`/guide/set-up`.\n\n.. _part-two:\n\nThe *second* part\n-----------------\n\nText.\n\n.. _fig:\n\n"
        ".. figure:: a.png\n\n   A lamp\n\nFirst part\n----------\n\nText.\n"
    )
    assert "See The second part, other, A lamp, First part, no such label and set up." in text


def test_a_reference_whose_target_another_file_has_shows_its_words() -> None:
    text = load(
        "Needs `Python 3`_ and OpenSSL_, no snake_case.\n\n.. sectionauthor:: Ann <a@x.org>\n"
    )
    assert text == "Needs Python 3 and OpenSSL, no snake_case.\n"


def test_paths_keep_their_dots_and_menus_have_arrows() -> None:
    text = load(
        "|i| Open :file:`~/.profile`, :meth:`.Cls.run`, :menuselection:`&File --> Save`, |x|.\n\n"
        ".. |x| replace:: so\n.. |i| image:: x.png\n"
    )
    assert text == "Open \\~/.profile, Cls.run, File › Save, so.\n"


def test_what_another_file_has_is_named_and_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("SECRET,1")
    name = tmp_path / "secret.txt"
    directives = (
        f".. include:: {name}", f".. literalinclude:: {name}", f".. raw:: html\n   :file: {name}",
        f".. csv-table:: T\n   :file: {name}", f".. csv-table:: T\n   :url: file://{name}", ".. raw:: html\n\n   SECRET",
        f".. image:: {name}", f".. figure:: {name}\n\n   Caption.",
    )  # fmt: skip
    extracted = one(rst.load(("Before.\n\n" + "\n\n".join(directives) + "\n\nAfter.\n").encode()))
    assert "SECRET" not in extracted.text and "After." in extracted.text
    assert extracted.left_out == (
        "2 × :file:",
        "1 × :url:",
        "1 × include",
        "1 × literalinclude",
        "2 × raw",
    )


def test_roles_of_one_text_are_unknown_to_the_next() -> None:
    before = load("A :custom:`word`.\n")
    load(".. role:: custom(emphasis)\n\n.. default-role:: custom\n\n:custom:`x`\n")
    assert load("A :custom:`word`.\n") == before


def test_todays_date_is_in_no_text() -> None:
    assert load("On |day| it was.\n\n.. |day| date::\n") == load(
        "On |day| it was.\n\n.. |day| date:: %Y\n"
    )


def test_broken_marks_are_text_without_messages() -> None:
    text = load(
        "Heading\n=====\n\nA *broken `mark and :unknown:`role`.\n\n.. unknown:: x\n\n   Inside.\n\n* a\nb\n"
    )
    assert "Inside." in text and "rror" not in text and headings(text) == ["Heading"]


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(NotExtracted, match="nested too deeply"):
        list(rst.load("\n".join("  " * n + "* x\n" for n in range(400)).encode()))


def test_a_long_rule_is_no_table() -> None:
    assert load(f"Above.\n\n{'+-' * 20_000}\n\nBelow.\n") == "Above.\n\nBelow.\n"
