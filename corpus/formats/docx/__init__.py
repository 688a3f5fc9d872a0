"""Loads Word files (DOCX, DOCM).

styles.py     which style is a heading, bold, or has a list
numbering.py  the numbers that Word shows before paragraphs
text.py       the text of paragraphs, as the document shows it
tables.py     tables, whose cells may be merged
loader.py     the loader
"""
