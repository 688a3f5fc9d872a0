"""Answers questions in Mattermost: slash commands and outgoing webhooks.

integration.py   verifies tokens and parses requests
message.py       the layout of answers, as Mattermost's Markdown
"""
