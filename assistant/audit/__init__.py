"""The FAQ audit: whether the documents support the answers of question-answer pairs.

pairs.py       the pairs in the documents of a FAQ file
sources.py     the parts of the documents that may support or contradict a sentence
verdicts.py    the verdict on each sentence and each pair
overlaps.py    pairs that ask the same, and whether their answers agree
"""
