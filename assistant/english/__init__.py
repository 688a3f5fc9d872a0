"""Everything that is known about English: question forms, word lists, numbers, opposites.

Needs no built index. Words that matter for the shipped
documents rather than for English in general are marked where they are listed.

    question.py    a question as it is searched for
    forms.py       the type of answer, lists, comparisons, compound questions
    follow_up.py   a follow-up made to stand alone
    references.py  what "it", "they", "there" and "that plan" refer to
    ellipsis.py    the words that "and children?" replaces
    phrases.py     noun phrases and names
    small_talk.py  greetings, thanks, "what can you do?"
    language.py    messages in other languages
    signature.py   the signature of a mail under a question
    repair.py      words taken back, fillers and false starts
    expected.py    whether a text has the type of thing asked for
    attributes.py  attributes that are asked for, and what a value of each has
    statements.py  bare titles and links, sentences that refer back
    instructions.py  how-to questions, and sentences that say what to do
    remedies.py    questions that tell a problem, and sections that solve it
    opposites.py   words that exclude each other
    numbers.py     numbers in digits and in words
    agreement.py   what a statement says and a text does not: numbers, names, negation, quantity
    values.py      the values in a text: numbers, dates, times, names
    denial.py      whether two sentences deny each other
    contradiction.py  whether a text says another value of what a statement says
    thesaurus.py   words that mean nearly the same, from WordNet
"""
