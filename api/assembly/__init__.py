"""The one place that turns settings into running parts.

assistant.py   the index and the assistant
model.py       the language model of the settings, and its exam
service.py     the service with all its interfaces
"""
