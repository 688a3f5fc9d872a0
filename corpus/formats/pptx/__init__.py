"""Loads PowerPoint files (PPTX, PPTM).

shapes.py   the shapes of a slide in reading order
text.py     paragraphs and their bullets, also those that layouts bring along
charts.py   the data of charts and the words of diagrams
loader.py   the loader
"""
