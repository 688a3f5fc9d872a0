"""The page at /docs: what the service answers, drawn from its own OpenAPI description.

The usual viewers load themselves from other hosts; this page loads nothing.
"""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>{title}</title>
  <link rel="stylesheet" href="/page/docs.css">
</head>
<body>
  <main>
    <h1>{title}</h1>
    <p>{description}</p>
    <p>The same as <a href="/openapi.json">OpenAPI</a>, for machines.</p>
    {endpoints}
  </main>
</body>
</html>
"""


def docs_page(description: Mapping[str, Any]) -> str:
    """HTML that lists the endpoints of an OpenAPI description."""
    return _PAGE.format(
        title=escape(description["info"]["title"]),
        description=escape(description["info"].get("description", "")),
        endpoints="\n    ".join(_endpoints(description)),
    )


def _endpoints(description: Mapping[str, Any]) -> Iterator[str]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield f"<h2><code>{escape(method.upper())} {escape(path)}</code></h2>"
            yield f"<p>{escape(operation.get('description', ''))}</p>"
            given = [_parameter(each) for each in operation.get("parameters", [])]
            if body := operation.get("requestBody"):
                given += _members(description, body)
            if given:
                yield f"<ul>{''.join(given)}</ul>"
            yield from _reply(description, operation["responses"])


def _parameter(parameter: Mapping[str, Any]) -> str:
    told = parameter.get("description", "")
    place = "in the header" if parameter["in"] == "header" else "in the address"
    return _item(parameter["name"], parameter.get("required", False), f"{place}: {told}")


def _members(description: Mapping[str, Any], body: Mapping[str, Any]) -> list[str]:
    schema = _schema(description, body["content"])
    if schema is None:
        return [_item("the body", body.get("required", False), body.get("description", ""))]
    required = schema.get("required", [])
    return [_item(name, name in required, "in the body, JSON") for name in schema["properties"]]


def _item(name: str, required: bool, told: str) -> str:
    need = "" if required else ", optional"
    return f"<li><code>{escape(name)}</code> {escape(told.strip(' :'))}{need}</li>"


def _reply(description: Mapping[str, Any], responses: Mapping[str, Any]) -> Iterator[str]:
    done = next(status for status in responses if status.startswith("2"))
    schema = _schema(description, responses[done].get("content", {}))
    members = schema["properties"] if schema else ()
    names = ", ".join(f"<code>{escape(name)}</code>" for name in members)
    problems = ", ".join(escape(status) for status in responses if status != done)
    errors = f"; as a problem document: {problems}" if problems else ""
    yield f'<p class="reply">Replies {escape(done)}{" with " if names else ""}{names}{errors}</p>'


def _schema(description: Mapping[str, Any], content: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The schema of a JSON body, which FastAPI keeps among the components under its name; None
    where the body is none, or no JSON."""
    if "application/json" not in content:
        return None
    name = content["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]
    schema: Mapping[str, Any] = description["components"]["schemas"][name]
    return schema
