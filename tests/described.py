"""Checks of answers and webhooks against the OpenAPI document."""

import json
import re
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from failover.rules.formats.unseen import is_unseen
from local.openapi import PATH

DOCUMENT = json.loads(PATH.read_text())


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator({**DOCUMENT, "$ref": schema}, format_checker=FormatChecker())


def check(name: str, value: Any) -> None:
    """Raises if the document's component of that name does not describe a value."""
    _validator(f"#/components/schemas/{name}").validate(value)


def in_order(body: Any) -> Any:
    """A described request with `failover` in the places that need it, and without invisible characters beyond U+FFFF.

    The document is looser than the code in two points, on purpose. No pattern names those characters, because some
    regex engines of clients would misread them. And the schema of `workflow` allows a step and a last step at any
    place, because generators of clients only understand lists whose items have one type. Its description says the
    rest: all but the last step have `failover`, and nulls may follow the last. The schema does not mention these nulls,
    nor nulls in fields that do not belong, because generators would give every such field a type.
    """
    if not _validator("#/components/schemas/WorkflowRequest").is_valid(body):
        return body
    body = _all_named(body)
    *steps, last = body["workflow"]
    steps = [{"failover": {"expiry_time": 15, "condition_status": "delivered"}, **step} for step in steps]
    return {**body, "workflow": [*steps, {name: part for name, part in last.items() if name != "failover"}]}


def _all_named(value: Any) -> Any:
    """Letters in place of the characters that patterns do not name."""
    match value:
        case str():
            return "".join("x" if char > "\uffff" and is_unseen(char) else char for char in value)
        case list():
            return [_all_named(item) for item in value]
        case dict():
            return {name: _all_named(item) for name, item in value.items()}
    return value


def check_answer(method: str, path: str, answer: dict[str, Any]) -> None:
    """Raises if the document does not describe this proxy answer to a request; ignores unknown paths."""
    operation = _operation(method, path)
    if operation is None:
        return
    responses = operation["responses"]
    assert str(answer["statusCode"]) in responses, f"{answer['statusCode']} is not described for {method} {path}"
    response = responses[str(answer["statusCode"])]
    if "$ref" in response:
        response = DOCUMENT["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
    headers = answer["multiValueHeaders"]
    assert set(response.get("headers", {})) <= set(headers)
    (content_type,) = headers["Content-Type"]
    _validator(response["content"][content_type]["schema"]["$ref"]).validate(json.loads(answer["body"]))


def _operation(method: str, path: str) -> dict[str, Any] | None:
    path = path.partition("?")[0].rstrip("/").removeprefix("/v0.1")
    for template, operations in DOCUMENT["paths"].items():
        if re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path) and method.lower() in operations:
            operation: dict[str, Any] = operations[method.lower()]
            return operation
    return None
