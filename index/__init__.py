"""The index: passages that can be found by their vectors and their words.

    Passage → texts → encoder → generation (vectors in Chroma, words in SQLite)
    question → search → hits

Knows passages and how to find them. Knows nothing of answers or interfaces. Importing a type loads
neither Chroma nor onnxruntime.

    bm25.py                  scores passages by the words of a query; pure functions
    build.py                 builds and publishes a generation of the corpus
    checksums.py             sizes and digests of files, compared when they are opened
    child.py                 the environment of child processes
    encoder.py               the interface of an encoder, and the card of an exported one
    encoders.py              where exported encoders are stored; exports and loads them
    errors.py                what can go wrong, and the remedies
    export.py                exports a model to ONNX, in its own process; needs torch
    folders.py               which folders a document lies in
    generation.py            an open generation; the data folder with its generations and its lock
    health.py                thorough checks of a published index
    hits.py                  the types of search results
    identifiers.py           versions, codes, files and other exact names in a text
    kept.py                  the kept generations, and how to go back to one
    known.py                 what the last build found out about the files
    langchain_adapters.py    the index as LangChain components
    layout.py                the names of all files and folders below a data folder
    manifest.py              how a generation was made; checks its files
    onnx.py                  runs models; the only user of onnxruntime
    onnx_encoder.py          text to vectors, at run time
    passages.py              passages and their words in SQLite
    pointer.py               which generation is published, and whether it is pinned
    probe.py                 searches a generation once, in its own process
    rendering.py             passages as plain text for models
    reports.py               what became of each file, for users
    scratch.py               private copies of published files
    search.py                finds passages by vectors and words together
    spelling.py              misspellings, and the words that were meant
    synonyms.py              phrases that mean the same
    telemetry.py             turns off what libraries send to their makers
    terms.py                 words: splitting, stems, stop words
    texts.py                 every text ever indexed, by digest
    vectors.py               passage vectors in Chroma
"""

from index.telemetry import disable_telemetry

disable_telemetry()  # before any module of this package imports a library
