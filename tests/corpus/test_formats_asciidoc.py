"""AsciiDoc: the handbook, its blocks and inline marks, and what may not be read."""

import pytest
from canonical import entries, headings, one, rows
from data_handbooks import AsciiDocHandbook
from formats import AskHandbook, write_handbook

from corpus.formats import asciidoc
from corpus.formats.asciidoc_inline import plain


def test_answers_are_those_of_the_original(ask_handbook: AskHandbook) -> None:
    book = AsciiDocHandbook()
    write_handbook(book)
    ask_handbook("handbook.adoc", book.content())


def load(text: str) -> str:
    return one(asciidoc.load(text.encode())).text


def test_the_header_is_metadata_and_attributes_are_replaced() -> None:
    text = load(
        "= Guide to {name}\nAnn Lee <ann@x.org>\nv1.2, 1 May 2024\n:name: Lamp\n\nThe {name} is {colour}.\n"
    )
    assert (
        text
        == '---\ndate: "2024-05-01"\nauthor: "Ann Lee"\n---\n\n# Guide to Lamp\n\nThe Lamp is \\{colour\\}.\n'
    )


def test_front_matter_of_a_site_generator_is_metadata() -> None:
    text = load('---\ntitle: "The FAQ"\ndate: 2024-05-01\ntags:\n  - a\n---\n\nText.\n')
    assert text == '---\ndate: "2024-05-01"\n---\n\n# The FAQ\n\nText.\n'


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("*bold*, _it_, `a*b*c`, #mark#, **un**bound", "bold, it, a*b*c, mark, unbound"),
        ("2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"),
        ("https://x.org/a[the site] or https://x.org", "the site or https://x.org"),
        ("link:a.html[The page^], <<id,Part>>, xref:b.adoc#c[More]", "The page, Part, More"),
        ("Press kbd:[Ctrl+C]footnote:[never] in menu:File[Save > As]", "Press Ctrl+C in File › Save › As"),
        (r"\*kept* and +*kept*+ and \{name}", "*kept* and *kept* and {name}"),
        ("image:x.png[Alt] ((term))(((a,b)))", " term"),
        ("`{name}` -- (C) git log --all", "Lamp — © git log --all"),
        ("`a` and `+b+`, then +c+ and `d`", "a and b, then c and d"),
        ("`__<user>__/_file_`, `__init__`", "<user>/file, __init__"),
        ("label:new[Since 5.2] label:pro-only[] afootnote:[see <<x>>, link:y[z]] b", "Since 5.2 pro only a b"),
        ("[[[pp]]] Book, it`'s [[x]]old", "[pp] Book, it's old"),
        ("Delete _NEO_HOME_ and _the file_.", "Delete NEO_HOME and the file."),
        ("2^256^, 10^-3^, the 1^st^ and H~2~O", "2^256, 10^-3, the 1st and H2O"),
        ('ECC((("curve (ECC)", id="x"))) {site}/docs[the docs]', "ECC the docs"),
        ("<<a_b-part>>, xref:module:set-up.adoc[], xref:x.adoc#far-end[]", "a b part, set up, far end"),
    ],
)  # fmt: skip
def test_inline_marks_are_removed(source: str, shown: str) -> None:
    assert plain(source, {"name": "Lamp"}) == shown


def test_lists_keep_numbers_depth_code_and_attached_text() -> None:
    text = load(
        ". First.\n+\nMore.\n+\n----\nrun\n# no heading\n----\n. Second.\n* nested\n** deeper\n. Third.\n\n[start=7]\n. Seventh.\n"
    )
    assert (
        "1. First. More.\n\n    ```\n    run\n    # no heading\n    ```\n\n2. Second.\n    - nested\n        - deeper\n3. Third.\n7) Seventh.\n"
        in text
    )


def test_cells_over_several_rows_and_columns_are_repeated() -> None:
    text = load(
        '[cols="1,1",options="header"]\n|===\n|A |B\n\n.2+|x\n|1\na|2\n2+|both\n2*|y\n|===\n'
    )
    assert rows(text) == [["A", "B"], ["x", "1"], ["x", "2"], ["both", "both"], ["y", "y"]]


def test_steps_count_on_behind_attached_blocks_and_start_again_below_a_title() -> None:
    text = load(
        ". Run.\n+\n[source,sh]\n----\ngo <1>\n----\n<1> Starts it.\n. Put.\n+\n--\nInside.\n--\nAlso.\n. Wait.\n\n"
        ".Later\n. Stop.\n"
    )
    assert text == (
        "1. Run.\n\n    ```\n    go <1>\n    ```\n\n    1. Starts it.\n2. Put.\n\n    Inside.\n\n    Also.\n\n"
        "3. Wait.\n\n**Later**\n\n1. Stop.\n"
    )


def test_a_quote_says_whose_it_is_and_a_callout_holds_no_list() -> None:
    text = load(
        "[quote, Ann, The Film]\n____\nSee!\n____\n\n----\nrun <1>\n----\n<1> Runs.\n\n* an item\n"
    )
    assert text == "See!\n\nAnn, The Film\n\n```\nrun <1>\n```\n\n1. Runs.\n- an item\n"


def test_cross_references_show_the_titles_of_this_document() -> None:
    text = load(
        "= T\n\nSee <<net>>, <<_first_steps>>, xref:tab[] and <<First steps>>.\n\n[#net]\n== The *net*\n\n"
        "== First steps\n\n[[tab]]\n.Prices.\n|===\n|a |b\n|===\n"
    )
    assert "See The net, First steps, Prices and First steps." in text


def test_attributes_may_have_several_lines_be_unset_and_stand_in_code() -> None:
    text = load(
        ':text: one \\\n  and two\n:gone: x\n:!gone:\n\n{text}, {gone}\n\n[subs="attributes+"]\n----\n{text}\n----\n'
    )
    assert text == "one and two, \\{gone\\}\n\n```\none and two\n```\n"


def test_blocks_in_a_cell_are_one_text() -> None:
    text = load(
        "|===\n|A |B\n\na|\n--\n* one\n* two\n--\na|\n[source]\n----\nrun\n----\nNOTE: hot\n|===\n"
    )
    assert rows(text) == [["A", "B"], ["one; two", "run hot"]]


def test_a_table_of_comma_separated_values_is_read() -> None:
    assert rows(load('[%header,format=csv]\n|===\nA,B\n"x, y",2\n|===\n')) == [
        ["A", "B"],
        ["x, y", "2"],
    ]


def test_block_titles_that_ask_and_qanda_lists_are_questions() -> None:
    text = load(
        ".Can I carry it over?\n[%collapsible]\n====\nYes.\n====\n\n[qanda]\nHow long?::\n  25 days.\nWhere?:: In Oslo.\n"
    )
    assert entries(text) == [
        ("Can I carry it over?", ["Yes."]),
        ("How long?", ["25 days."]),
        ("Where?", ["In Oslo."]),
    ]


def test_terms_are_items_and_admonitions_their_text() -> None:
    text = load(
        "CPU:: The brain.\nRAM::\nMemory.\n\nNOTE: Take care.\n\n[WARNING]\n====\nHot.\n====\n"
    )
    assert "CPU\n: The brain.\n\nRAM\n: Memory.\n" in text
    assert text.endswith("Take care.\n\nHot.\n")


def test_comments_conditions_and_includes_are_left_out() -> None:
    source = "= T\n:web:\n\n// no\n////\nno\n////\nifdef::pdf[]\nno\nendif::[]\nifdef::web[yes]\nifndef::pdf[]\nalso\nendif::[]\n\ninclude::/etc/passwd[]\n\n++++\n<b>no</b>\n++++\n\n== End\n"
    extracted = one(asciidoc.load(source.encode()))
    assert extracted.text == "# T\n\nyes also\n\n## End\n" and extracted.left_out == (
        "include /etc/passwd",
    )


def test_attributes_in_attributes_do_not_multiply() -> None:
    lines = [
        ":a0: xxxxxxxxxx",
        *(f":a{n}: {{a{n - 1}}}" * 1 + f"{{a{n - 1}}}" * 9 for n in range(1, 30)),
        "",
        "{a29}",
    ]
    assert len(load("\n".join(lines))) < 2_000


def test_unclosed_blocks_reach_to_the_end() -> None:
    assert load("----\nrun\n") == "```\nrun\n```\n"
    assert headings(load("====\n== Inside\n\ntext\n")) == ["Inside"]
