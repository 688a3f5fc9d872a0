"""A stand-in for Slack: the methods that a bot calls, what it is sent, and a page to see both."""
