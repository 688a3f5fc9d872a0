"""Loads PDF files: from characters with positions to paragraphs, lists and tables.

    file → characters → pieces → layout → blocks → headings → Markdown

Only the first three modules speak to PDFium; the others work on values.

    file.py        opens the file: pages, outline, metadata
    characters.py  the words of a page with their positions and fonts
    rules.py       the lines that are drawn on a page
    pieces.py      words to pieces of lines, divided at wide gaps
    furniture.py   running heads, feet and page numbers, which are left out
    contents.py    tables of contents, which are left out
    words.py       joins lines, and words divided between them
    tables.py      tables that are drawn with lines
    unruled.py     tables that only their alignment shows
    continued.py   tables that go on on the next page
    layout.py      pieces in reading order: columns, lines, tables
    marks.py       bullets, numbers and letters of items
    blocks.py      lines to paragraphs, items and code
    headings.py    which blocks are headings, and their levels
    numbered.py    levels of headings with numbers
    loader.py      the loader
"""
