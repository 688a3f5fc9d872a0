"""The JSON of the HTTP API and of `--json`, and its conversion from and to the domain types.

Services work with the domain types; the database has a format of its own (api/store/answers.py).

    base.py       what the bodies share
    chat.py       questions, answers, conversations and feedback
    documents.py  documents, uploads and searches
    gaps.py       questions without a good answer
    index.py      the index, its files, previews and kept generations
    problems.py   health, and problem documents
"""
