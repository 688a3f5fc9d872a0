"""Fits everything that serving loads: the weights of the reader, the scorer, the proof of claims.

Not part of serving: only this package imports its modules, and only it needs torch.
The reader comes from `python -m assistant.training.pack`, `.shards`, `.train` and `.export`, in
this order, the scorer from `.fit`; each has `--help`. Making shards and training need no network,
and run on another machine with a copy of the packages assistant, corpus and index.

    claims.py         sentences with their sources to claims.json
    examples.py       rows to training examples, answerable and unanswerable
    export.py         weights to the int8 ONNX file that serving runs
    facts.py          made-up facts in a real context, present, missing or about another thing
    fit.py            gold questions to scorer.json
    labelled.py       gold questions with the evidence for them, labelled
    measure.py        how well a reader does on the validation documents
    model.py          the network that is exported
    near_misses.py    alters a question so that its context does not answer it
    networks.py       student and teacher as they are trained
    pack.py           all rows in one file, with words near in meaning
    rows.py           loads rows: a question over the sentences of a context
    sections.py       loads questions over documentation, rendered as serving does
    shards.py         examples as arrays of token ids
    swaps.py          alters a context, or adds a condition, so that it no longer answers
    tables.py         made-up tables as examples
    thesaurus.py      WordNet to the thesaurus of assistant.english
    train.py          the training run: teacher, its labels, student
    weights.py        the fits of the order of the evidence, and of the confidence

Rows from SQuAD 2.0 folders are split with corpus.sentences, rows from documentation with
corpus.splitter, and near misses use the opposites of assistant.english.opposites.
"""

import index  # noqa: F401 - turns off telemetry before a module here imports a library
