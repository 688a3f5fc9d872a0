"""The exit codes of every command."""

DONE = 0
CHECK_FAILED = 1
BAD_INPUT = 2
STOPPED = 130  # Ctrl-C: 128 plus the number of the signal
