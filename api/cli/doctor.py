"""`assistant doctor`: checks all that the service stands on, and says what mends."""

import json
from argparse import Namespace
from dataclasses import asdict
from functools import partial

from api.cli.remedies import explain
from api.doctor import Finding, State, examine
from api.exit_codes import CHECK_FAILED, DONE
from api.settings import load_settings
from api.text import printable


def run(arguments: Namespace) -> int:
    """Prints each check as it is done; CHECK_FAILED where one failed."""
    settings = load_settings(arguments.corpus, arguments.data)
    findings = []
    for finding in examine(settings, partial(explain, arguments=arguments)):
        findings.append(finding)
        if not arguments.json:
            print(_line(finding), flush=True)
    if arguments.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=1, ensure_ascii=False))
    failed = any(finding.state is State.FAILED for finding in findings)
    return CHECK_FAILED if failed else DONE


def _line(finding: Finding) -> str:
    told = printable(finding.told).replace("\n", "\n" + " " * 20)
    return f"{finding.state:<8}{finding.what:<12}{told}"
