"""The interfaces: command line, HTTP, web page, Slack and Mattermost.

Knows terminals, HTTP, the environment and the database. Knows nothing about how an answer is found.
The folders are layers; each imports only from those below it in this list (pyproject.toml).

    cli/             the commands
    doctor.py        checks everything that the service needs
    background.py    what runs beside the interfaces: index updates, retention
    http/            the HTTP API and the web page
    assembly/        the one place that assembles the parts from the settings
    slack/           answers in Slack
    mattermost/      answers in Mattermost
    service/         answers and uploads, with access, limits, metrics and log
    store/           the database
    report/          the files of an evaluation
    wire/            the JSON of the HTTP API
    settings.py      the settings from environment and command line
    listening.py     sockets that a server listens on
    errors.py        the errors, with a remedy for each class
    exit_codes.py    the exit codes of the commands
    text.py          untrusted text made safe to show
"""

__version__ = "0.1.0"
