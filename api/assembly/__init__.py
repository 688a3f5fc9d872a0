"""The one place that turns settings into running parts.

assistant.py   the index and the assistant
model.py       the language model of the settings, and its exam
preview.py     the next generation, compared with the published one
service.py     the service with all its interfaces
"""
