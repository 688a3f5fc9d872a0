"""`assistant doctor`: checks everything that the service depends on."""

import json
from argparse import Namespace
from functools import partial

from api.cli.remedies import explain
from api.doctor import Finding, State, run_checks
from api.exit_codes import CHECK_FAILED, DONE
from api.settings import load_settings
from api.text import printable, printable_json


def run(arguments: Namespace) -> int:
    """Prints each finding as soon as it is made; returns CHECK_FAILED if a check failed."""
    settings = load_settings(arguments.corpus, arguments.data)
    findings = []
    for finding in run_checks(settings, partial(explain, arguments=arguments)):
        findings.append(finding)
        if not arguments.json:
            print(_line(finding), flush=True)
    if arguments.json:
        rows = [{"check": f.check, "state": f.state, "message": f.message} for f in findings]
        print(printable_json(json.dumps(rows, indent=1, ensure_ascii=False)))
    failed = any(finding.state is State.FAILED for finding in findings)
    return CHECK_FAILED if failed else DONE


def _line(finding: Finding) -> str:
    message = printable(finding.message).replace("\n", "\n" + " " * 20)
    return f"{finding.state:<8}{finding.check:<12}{message}"
