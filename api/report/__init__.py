"""The files of an evaluation.

Knows outcomes and their figures; knows neither how they were measured nor terminals.

    content.py  what a report is about
    files.py    writes the folder: figures, outcomes, JUnit XML and the page
    junit.py    a test case for each question
    page.py     the HTML page
    page/       its template, style and script
    plots.py    its curves, with matplotlib
"""
