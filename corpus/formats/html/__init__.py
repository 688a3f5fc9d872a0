"""HTML pages to canonical text, with the parser of Lexbor.

source → tree → main content → elements of the canonical text

blocks.py      the elements of the content, in order
code.py        code, and the numbers of its lines
confluence.py  pages that Confluence exports
loader.py      the loader: what the canonical text of a page is
page.py        what the main content is, and what the page says of itself
questions.py   questions with answers in structured data
tables.py      cells, rows and column headings
tree.py        walks over the tree: what is visible, and its text
"""
