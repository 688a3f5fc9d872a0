"""The files of an evaluation.

Knows outcomes and their figures; knows neither how they were measured nor terminals.

    files.py    writes the folder: figures, outcomes, JUnit XML and the page
    junit.py    a test case for each question
"""
