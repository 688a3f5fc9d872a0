"""A question becomes an answer with proofs, or a refusal.

Knows the index and what makes an answer; knows neither HTTP nor terminals. Read `pipeline` first.

    answer.py         Answer and its parts: imports nothing heavy
    steps.py          generators whose return value is kept
    errors.py         errors of asking and evaluating
    pipeline.py       Assistant: understand, search, assess, decide, write, prove
    replies.py        replies to greetings, thanks and other languages
    topic.py          the name of the conversation, added to a question that it is about
    disagreement.py   whether two documents say different facts of the same subject
    english/          everything that is known about English
    blocks.py         the parts of a passage that can be quoted and understood alone
    reader/           the trained model that reads passages, at run time
    coverage.py       which words of the question a text has, by rarity
    evidence.py       the blocks of the found passages, with named features
    scorer.py         the fitted order of the evidence, and the confidence in the best of it
    scorer.json       the fitted weights, with and without the reader, and their measures
    demands.py        what the identifiers of a question demand of the evidence
    identified.py     evidence that has the identifiers of the question
    selection.py      the block to answer with, or one for each side of a comparison
    writer.py         the selected units as sentences, and sentences as an answer
    claims.py         whether cited text supports a sentence in other words
    claim_text.py     a sentence and the text that it cites, as words
    flaws.py          what a sentence says and the cited text does not
    claims.json       the fitted weights of this proof
    language_model/   an optional model that chooses evidence or writes sentences
    langchain_adapters.py  the assistant as a Runnable and a tool
    citations.py      the citations of an answer, checked and located
    suggestions.py    questions to suggest under a refusal
    proof.py          whether quotes are verbatim and support a sentence
    grading.py        whether an answer is right by its gold question
    held_out.py       gold questions without their places in FAQ pairs
    audit/            whether the documents support question-answer pairs
    drafting/         drafts of gold questions from the documents
    losses.py         the step of the pipeline that lost an answer
    evaluation/       metrics over gold questions, and comparing two runs
    replay.py         which answers differ between two generations
    metrics.py        calibration error, risk and AUROC from arrays
    tuning.py         the refusal threshold of one corpus
    training/         fits the reader and the scorer; not imported by serving
"""
