"""What every interface needs to answer questions and change documents.

Knows callers, the open index and the database. Knows nothing of HTTP.

    access.py          API keys become callers with permissions
    additions.py       adds accepted answers to the documents and to the gold questions
    chat.py            questions are answered in conversations, and answers stored
    clock.py           notices that the machine's clock was set
    document_names.py  which names an uploaded document can have
    gaps.py            questions without a good answer, recorded and grouped
    generations.py     lends the assistant of the published generation
    grouping.py        groups texts by meaning
    index_updates.py   rebuilds the index in a child process when documents change
    logs.py            the log, as text or JSON
    masking.py         masks email addresses and long numbers
    metrics.py         counters for Prometheus
    originals.py       the files that documents were read from
    rate_limits.py     rate limits, and the maximum of concurrent questions
    uploads.py         writes and deletes documents in the folder
"""
