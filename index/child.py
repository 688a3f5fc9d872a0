"""The environment of child processes."""

import os
from pathlib import Path


def child_environment() -> dict[str, str]:
    """Returns the environment, with the folder of this program's packages on PYTHONPATH."""
    root = str(Path(__file__).resolve().parent.parent)
    paths = [root, os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)}
