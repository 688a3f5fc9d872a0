"""The database of conversations, feedback, idempotency keys and API keys, in SQLite or PostgreSQL.

Imports neither FastAPI nor the libraries of the index.

    answers.py    the storage format of answers
    database.py   connections, transactions, and the remedies for errors
    gaps.py       questions without a good answer
    keys.py       API keys
    leases.py     rows that one worker holds for a limited time
    records.py    conversations, feedback and idempotency keys
    tables.py     the tables
"""
