"""Python loads this at its start if PYTHONPATH names this folder; so do the child processes.

Appends a line to the file GUARD_LOG for each name look-up, for each connection that leaves the
machine, and for each file that is opened for writing outside of the folders GUARD_FOLDERS. Both
kinds of socket calls fail. Native code is not seen, nor are relative paths, which may be relative to
an open folder.
"""

import os
import sys
from pathlib import Path

_LOG = Path(os.environ["GUARD_LOG"])
_FOLDERS = (*os.environ["GUARD_FOLDERS"].split(os.pathsep), str(_LOG), "/dev/")
_LOOK_UPS = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
_SENDING = ("socket.connect", "socket.sendto", "socket.sendmsg")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_LOOPBACK = ("127.0.0.1", "::1", "localhost", None)


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if event in _LOOK_UPS and arguments[0] not in _LOOPBACK:
        _record(f"{event} {arguments[0]!r}")
        raise OSError(f"no name look-up is allowed here: {arguments[0]!r}")
    if event in _SENDING and isinstance(arguments[1], tuple) and arguments[1][0] not in _LOOPBACK:
        _record(f"{event} {arguments[1]!r}")
        raise OSError(f"no connection is allowed here: {arguments[1]!r}")
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING:
        name = arguments[0]
        if isinstance(name, str | bytes | os.PathLike):
            path = os.fsdecode(name)
            if path.startswith("/") and not path.startswith(_FOLDERS):
                _record(f"write {path}")


def _record(line: str) -> None:
    with _LOG.open("a", encoding="utf-8") as log:
        print(line, file=log)


sys.addaudithook(_audit)
