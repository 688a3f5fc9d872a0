"""The Slack door: questions from channels, threads, direct messages and a slash command.

The way of a question: bolt.py verifies what Slack sends, incoming.py reads it, inbox.py keeps it,
and only then is it acknowledged; worker.py answers it, blocks.py lays the answer out, and web.py
puts it where it was asked.
"""
