"""Answers questions in Slack: in channels, threads, direct messages and a slash command.

integration.py   assembles the parts and runs them
bolt.py          receives and verifies requests, stores them, acknowledges them
payloads.py      parses what Slack sends into jobs
inbox.py         the durable queue of jobs, in the database
worker.py        runs jobs, with retries
responder.py     answers a question, shares an answer, stores feedback
reply.py         posts one reply, once
web_api.py       the calls of Slack's Web API, and what their failures mean
blocks.py        the layout of answers, within Slack's limits
text.py          escapes and parses Slack's text formats
channels.py      the file that says how each channel is answered
app/             the app's manifest, instructions, pictures and a sample channels file
"""
