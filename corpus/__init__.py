"""The documents of the corpus: how files are loaded, parsed into blocks and split into passages.

    file → Document(text, blocks) → Passage(start, end, units)

Knows files, text and structure. Knows nothing of vectors, searches, questions or interfaces.

    boilerplate.py    recognises navigation, bylines and breadcrumbs by their wording
    bounded.py        runs a function in a process with limits of time and memory
    code.py           recognises lines of code without a fence
    contents.py       recognises tables of contents and lists of further reading
    decoding.py       bytes to text
    directives.py     marks of admonitions, tabs and template tags, hidden from the parser
    document.py       the types: Document, Block, Passage, Unit
    errors.py         what can be wrong with the corpus, and the remedies
    files.py          atomic, durable writes
    folder.py         which files of a folder are documents
    formats/          loaders of other formats, each to a canonical text in Markdown
    front_matter.py   YAML at the start of a file: title, description, questions with answers
    gold.py           gold questions from JSONL files
    html.py           HTML inside Markdown to blocks
    joins.py          which neighbouring blocks make one passage
    lines.py          lines with their offsets
    loader.py         folder to Documents, within limits
    markdown.py       Markdown to blocks
    markdown_lines.py  lines that Markdown would take for something else
    markup.py         removes inline Markdown marks from a quote
    metadata.py       the type for what a document says of itself: title, date, author
    outlines.py       finds numbered headings that are a list
    parsing.py        file or text to Documents: extraction, choice of parser
    places.py         where in its file a part of a document stands
    plain_lists.py    lists in text without markup
    plain_paragraphs.py  which of its lines are one paragraph
    plain_revisions.py   what only the neighbours of its blocks reveal
    plain_tables.py   tables in it
    plaintext.py      text without markup to blocks, by its shape
    questions.py      questions with answers among the blocks, for both parsers
    releases.py       recognises headings with a version or a date
    sentences.py      text to sentences; the only sentence splitter of the project
    shapes.py         what a line of text without markup may be
    sources.py        the type for what became of a file
    splitter.py       Document to Passages
    synonyms.py       phrases that mean the same, from synonyms.txt
    documents/        the shipped documents
    gold/             gold questions about them
"""
