"""The page at /docs, rendered from the OpenAPI description.

The common viewers load scripts from other hosts; this page loads only its stylesheet.
"""

import re
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
    <p>For programs: <a href="/openapi.json">the OpenAPI description</a>.</p>
    {endpoints}
  </main>
</body>
</html>
"""


def docs_page(description: Mapping[str, Any]) -> str:
    """Returns HTML that lists the endpoints of an OpenAPI description."""
    return _PAGE.format(
        title=escape(description["info"]["title"]),
        description=_html(description["info"].get("description", "")),
        endpoints="\n    ".join(_endpoints(description)),
    )


def _html(text: str) -> str:
    """Escapes the text and renders `code`."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _endpoints(description: Mapping[str, Any]) -> Iterator[str]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield f"<h2><code>{escape(method.upper())} {escape(path)}</code></h2>"
            yield f"<p>{_html(operation.get('description', ''))}</p>"
            fields = [_parameter(each) for each in operation.get("parameters", [])]
            if body := operation.get("requestBody"):
                fields += _body_fields(description, body)
            if fields:
                yield f"<ul>{''.join(fields)}</ul>"
            yield from _responses(description, operation["responses"])


def _parameter(parameter: Mapping[str, Any]) -> str:
    required = parameter.get("required", False)
    return _item(parameter["name"], required, parameter["in"], parameter.get("description", ""))


def _body_fields(description: Mapping[str, Any], body: Mapping[str, Any]) -> list[str]:
    schema = _json_schema(description, body["content"])
    if schema is None:
        return [_item("body", body.get("required", False), "body", body.get("description", ""))]
    required = schema.get("required", [])
    return [_item(name, name in required, "JSON body") for name in schema["properties"]]


def _item(name: str, required: bool, place: str, text: str = "") -> str:
    suffix = "" if required else ", optional"
    return f"<li><code>{escape(name)}</code> ({place}{suffix}) {_html(text)}</li>"


def _responses(description: Mapping[str, Any], responses: Mapping[str, Any]) -> Iterator[str]:
    success = next(status for status in responses if status.startswith("2"))
    schema = _json_schema(description, responses[success].get("content", {}))
    fields = (
        ", ".join(f"<code>{escape(name)}</code>" for name in schema["properties"]) if schema else ""
    )
    errors = ", ".join(escape(status) for status in sorted(responses) if status != success)
    yield f'<p class="reply">Returns {escape(success)}{": " if fields else ""}{fields}</p>'
    if errors:
        yield f'<p class="reply">Problem documents: {errors}</p>'


def _json_schema(
    description: Mapping[str, Any], content: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """Returns the schema of a JSON body, which FastAPI stores as a component; None if the content
    is not JSON."""
    if "application/json" not in content:
        return None
    name = content["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]
    schema: Mapping[str, Any] = description["components"]["schemas"][name]
    return schema
