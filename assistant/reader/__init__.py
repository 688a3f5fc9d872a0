"""The reader: a small cross-encoder that says which sentences of a passage answer a question.

Answering needs `layout` and the weights. `rows`, `nearmiss`, `tables`, `data`, `model`, `measure`,
`train` and `export`, in that order, made the weights; serving imports none of them. `CARD.md` says
what the weights were trained on and how far to trust them.
"""
