"""A question becomes an Answer: understood, searched for, chosen, judged, written, proved.

Knows the index's hits and what makes an answer. Knows nothing of HTTP, pages or terminals.
"""
