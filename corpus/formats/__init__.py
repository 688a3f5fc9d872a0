"""Loaders of file formats other than Markdown and plain text: bytes become a canonical text.

    file → loader → Extracted(text, left_out) → Markdown parser → Document

The canonical text of every format is Markdown, made by `MarkdownWriter`. It starts with YAML front
matter if the file has a title, a date, an author, an address or a language, and HTML comments in
it say where the text stands in the file (`<!-- page 3 -->`). So structure, metadata and places of a
document can be derived from its stored text alone, whatever it was extracted from. The same file
gives the same text on any machine; a change of a loader's text increments `FORMATS_VERSION`.

Each loader is a module with `load(raw: bytes) -> Iterator[Extracted]`, which raises NotExtracted.
It is imported when the first file of its format is loaded, in a process with limits.

    extracted.py       the types that a loader returns, and what it raises
    members.py         safe, unique names of documents inside a file
    registry.py        which loader reads which file
    writer.py          writes Markdown that says exactly what the file says

Shared by loaders:

    articles.py         articles in data that help centres and wikis export
    asciidoc_header.py  title, author and attributes of AsciiDoc
    asciidoc_inline.py  inline marks of AsciiDoc
    asciidoc_lines.py   lines of AsciiDoc without comments and conditions
    asciidoc_lists.py   open lists of AsciiDoc
    asciidoc_tables.py  tables of AsciiDoc
    asciidoc_titles.py  what cross references of AsciiDoc show
    columns.py          what the columns of a sheet are
    dates.py            the date in a text of metadata
    doctree.py          trees of docutils
    encodings.py        bytes of text files in any common encoding
    epub_contents.py    the table of contents of a book
    exports.py          what the path of an exported or crawled file says
    grids.py            tables whose cells span rows and columns
    message_text.py     what the sender of a message wrote, pasted and quoted
    number_formats.py   numbers and dates as a spreadsheet shows them
    office.py           the parts of Office Open XML files
    properties.py       titles and dates in the properties of files
    prose.py            fields in plain text, HTML or Markdown
    records.py          questions with answers in rows and objects, by the names of their fields
    scraped.py          plain text that was taken from a web page
    sheets.py           rows of a sheet, as questions with answers or as tables
    unpack.py           ZIP files within limits
    yaml_values.py      values of YAML, whatever is in it

Loaders:

    archive.py          ZIP
    asciidoc.py         AsciiDoc
    confluence.py       XML of a Confluence space
    csv.py              CSV, TSV
    data.py             JSON, JSON Lines, YAML
    docx/               DOCX, DOCM
    epub.py             EPUB
    html/               HTML pages
    mail.py             EML, mbox
    notebook.py         Jupyter notebooks
    pdf/                PDF
    pptx/               PPTX, PPTM, PPSX
    rst.py              reStructuredText
    transcripts.py      SRT, VTT
    xlsx.py             XLSX, XLSM
"""
