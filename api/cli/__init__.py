"""The command line: `assistant COMMAND`. The only package that knows terminals and exit codes.

main.py       runs a command; turns errors into messages and exit codes
parser.py     the arguments and the help of every command
remedies.py   what to type after an error
terminal.py   answers, progress bars and warnings in a terminal
ask.py        answers one question
serve.py      serves the HTTP API and the web page
index.py      builds or updates the index
preview.py    shows what the next index would change, and publishes it
rollback.py   goes back to an earlier index
evaluate.py   measures the answers to a gold file
evaluation_tables.py  figures and comparison of an evaluation, in a terminal
gaps.py       lists questions without a good answer, and answers them
audit.py      compares the answers of an FAQ with the documents
gold.py       drafts gold questions
keyboard.py   single keys and edited lines from the terminal
keys.py       creates, lists and revokes API keys
doctor.py     prints the findings of all checks
slack.py      answers in Slack over Socket Mode
"""
