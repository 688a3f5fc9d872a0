"""Drafts of gold questions from the documents, for a person to accept, edit or drop.

drafts.py       the type of a draft, and its row of a gold file
wording.py      words for questions: verbs, "your" as "my", letters that open a heading
headings.py     "Resetting your password" as "How do I reset my password?"
sentences.py    definitions, and what one can, must or may not do
tables.py       the value of a column for a row
near_misses.py  questions about a thing or an attribute that no passage has together
proposals.py    drafts of all kinds, in a varied order
"""
