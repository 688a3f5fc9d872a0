"""A stand-in for Slack: a test tool, and a way to try the app without a Slack workspace.

It answers the methods of the Web API that the app calls, sends what Slack sends (signed, with
retries, over HTTP or Socket Mode), and serves a page on which a person acts as a user. `make slack`
starts it with a service beside it; tests use `client.run_stand_in`.

    __main__.py        starts the stand-in and `assistant serve`
    client.py          the synchronous client that tests use
    server.py          the application and its control interface
    web_api.py         authentication, arguments, faults and the log of calls
    messages.py        chat.postMessage and its relatives, and streams
    methods.py         the other methods: conversations, views, status
    response_urls.py   answers to commands and buttons
    users.py           what users do
    delivery.py        signed requests to the service, and retries
    socket_mode.py     envelopes over web sockets
    payloads.py        events, commands and interactions as Slack sends them
    faults.py          faults that a test injects
    limits.py          Slack's limits on messages and blocks
    workspace.py       users, channels and messages
    options.py         credentials and behaviour
    page               the page: channels, threads, buttons, the home view
"""
