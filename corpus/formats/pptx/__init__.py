"""Loads PowerPoint files (PPTX, PPTM).

shapes.py       the shapes of a slide and their places
text.py         paragraphs, their bullets and their looks, also those that layouts bring along
boxes.py        shapes with the frames around them
text_tables.py  tables of text boxes
arrangement.py  cards, labels and tables in reading order
charts.py       the data of charts and the words of diagrams
loader.py       the loader
"""
