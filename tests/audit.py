"""Looks up known vulnerabilities of the pinned packages: `make audit`.

Exits with 1 if there are any. Where the service with the advisories cannot be reached, says so and
exits with 0. pip-audit is installed for it, in an environment of its own.
"""

import argparse
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "constraints.txt"
ENVIRONMENT = ROOT / ".venv" / "audit"
PIP_AUDIT = "pip-audit>=2.9,<3"
OSV = "https://api.osv.dev/v1/query"
TIMEOUT = 10  # seconds


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Look up vulnerabilities of the pinned packages.")
    parser.add_argument("--url", default=OSV, help="query endpoint of an OSV service")
    url: str = parser.parse_args(arguments).url
    if reason := why_unreachable(url):
        print(f"Nothing was audited: {url} cannot be reached ({reason}).")
        return 0
    pip_audit = ENVIRONMENT / "bin" / "pip-audit"
    if not pip_audit.exists():
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
        pip = [str(ENVIRONMENT / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "-c", str(CONSTRAINTS), PIP_AUDIT], check=True)
    # The file names a version for every package: nothing has to be resolved.
    options = ["--no-deps", "--disable-pip", "--progress-spinner", "off"]
    service = ["--vulnerability-service", "osv", "--osv-url", url]
    command = [str(pip_audit), "--requirement", str(CONSTRAINTS), *options, *service]
    return subprocess.run(command, check=False).returncode


def why_unreachable(url: str) -> str:
    """Returns the reason why a service cannot be reached, or "" if it answers."""
    query = urllib.request.Request(url, data=b"{}", headers={"Content-Type": "application/json"})
    try:
        urllib.request.urlopen(query, timeout=TIMEOUT).close()
    except urllib.error.HTTPError as error:  # an empty query is refused, so it answers
        return "" if error.code < 500 else str(error)
    except OSError as error:
        return str(getattr(error, "reason", error))
    return ""


if __name__ == "__main__":
    sys.exit(main())
