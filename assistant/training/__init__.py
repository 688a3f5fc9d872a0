"""Fits everything that serving loads: the weights of the reader, and the calibration.

Not part of serving: only this package imports its modules, and only it needs torch.
Run `python -m assistant.training.train`, `.export` or `.calibrate` with `--help`.

    calibrate.py      gold questions to calibration.json
    examples.py       rows to training examples, answerable and unanswerable
    export.py         checkpoint to the int8 ONNX file that serving runs
    measure.py        how well a reader does on the validation documents
    model.py          the network
    near_misses.py    alters a question so that its context does not answer it
    rows.py           loads rows: a question over the sentences of a context
    tables.py         made-up tables as examples
    train.py          the training run

Rows from SQuAD 2.0 folders are split with corpus.sentences, and near misses use the opposites of
assistant.english.opposites. The shipped weights were trained before, with a splitter that also
broke lines and a longer list of opposites, so a new run sees slightly different rows.
"""
