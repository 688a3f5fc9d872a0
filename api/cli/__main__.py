"""Runs the command line: `python -m api.cli`."""

import sys

from api.cli.main import main

sys.exit(main())
