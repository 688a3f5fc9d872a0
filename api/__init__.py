"""The doors: command line, HTTP and the web page; and the one place where parts are put together.

Knows terminals, HTTP and the environment. Knows nothing of how an answer is found.
"""

__version__ = "0.1.0"
