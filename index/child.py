"""What a child process of this program needs to be given."""

import os
from pathlib import Path


def child_environment() -> dict[str, str]:
    """The environment, and the way to this program's packages, wherever the parent found them."""
    root = str(Path(__file__).resolve().parent.parent)
    paths = [root, os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)}
