"""A question becomes an answer with proofs, or a refusal.

Knows the index and what makes an answer; knows neither HTTP nor terminals. Read `pipeline` first.

    answer.py         Answer and its parts: imports nothing heavy
    steps.py          generators whose return value is kept
    errors.py         errors of asking and evaluating
    pipeline.py       Assistant: understand, search, assess, decide, write, prove
    replies.py        replies to greetings, thanks and other languages
    topic.py          the name of the conversation, added to a question that it is about
    english/          everything that is known about English
    evidence.py       units of the found passages, scored
    identified.py     evidence that has the identifiers of the question
    reader/           the trained model that reads passages, at run time
    selection.py      the smallest evidence that answers
    blocks.py         what is quoted with a unit so that it can be understood
    confidence.py     features of the selection, and the probability that it answers
    calibration.json  the fitted weights of the confidence, with and without the reader
    writer.py         the selected units as sentences
    proof.py          whether quotes are verbatim and support a sentence
    grading.py        whether an answer is right by its gold question
    evaluation.py     metrics over gold questions
    metrics.py        calibration error, risk and AUROC from arrays
    tuning.py         the refusal threshold of one corpus
    training/         fits the reader and the calibration; not imported by serving
"""
