"""The HTTP interface and the web page.

Knows FastAPI and the wire format. Knows nothing about how a question is answered.

    app.py           the FastAPI application: routes, middleware, pages
    auth.py          the API key of a request becomes a caller
    docs.py          the page at /docs
    documents.py     routes: list, show, upload and delete documents
    mattermost.py    route: slash commands and outgoing webhooks
    middleware.py    limits on headers and bodies, security headers
    operations.py    routes: health, readiness, state of the index, metrics
    problems.py      errors become problem documents
    proxies.py       the address of a client behind a proxy
    questions.py     routes: chat, search, answers, conversations, feedback
    request_log.py   request ids, the log, request metrics
    server.py        uvicorn, with limits on connections
    streaming.py     answers as server-sent events
    upload_bodies.py  the bodies of uploads, stored while they arrive
    page/            the web page: HTML, CSS and JavaScript modules
"""
