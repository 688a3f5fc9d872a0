"""The material and how it is read and cut: file → Document → Passages.

Knows files, text and structure. Knows nothing of vectors, searches, questions or doors.
"""
