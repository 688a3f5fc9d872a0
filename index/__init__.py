"""Finding: encoder, vectors (Chroma), words (SQLite), and the generations that hold them.

Knows passages and how to find them. Knows nothing of answers or doors.
"""
