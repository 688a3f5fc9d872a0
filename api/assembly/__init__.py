"""The one place that turns settings into running parts.

assistant.py   the index and the assistant
service.py     the service with all its interfaces
"""
