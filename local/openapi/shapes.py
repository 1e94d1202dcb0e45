"""How schemas of answers and webhooks are written."""

from typing import Any

type Schema = dict[str, Any]


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def record(required: dict[str, Schema], optional: dict[str, Schema] | None = None, **more: Any) -> Schema:
    """An object with these fields and no others."""
    properties = {**required, **(optional or {})}
    schema = {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}
    return {key: value for key, value in schema.items() if value != []} | more


def array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def text(description: str = "") -> Schema:
    return {"type": "string", "description": description} if description else {"type": "string"}


def count(least: int = 0) -> Schema:
    """A whole number of at least `least`."""
    return {"type": "integer", "minimum": least}


def mark(description: str) -> Schema:
    """A field that is true or false."""
    return {"type": "boolean", "description": description}


def words(meanings: dict[str, str], known: set[str]) -> Schema:
    """One of the words `known`, each described in `meanings`. Raises ValueError if one is missing there."""
    if set(meanings) != known:
        raise ValueError("describe every word")
    lines = "; ".join(f"`{word}`: {meaning}" for word, meaning in meanings.items())
    return {"type": "string", "enum": list(meanings), "description": f"{lines}."}


def words_of(required: dict[str, Schema], optional: dict[str, Schema]) -> dict[str, Schema]:
    """One resource with `workflow_uuid`, and one with `dispatch_uuid`."""
    return {
        word.title(): record({f"{word}_uuid": ref("Uuid")} | required, optional) for word in ("workflow", "dispatch")
    }


def either(name: str, required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> dict[str, Schema]:
    """A resource that names the workflow's id after the endpoint that created it."""
    words = {f"{name}{word}": schema for word, schema in words_of(required, optional or {}).items()}
    return {name: {"oneOf": [ref(word) for word in words]}, **words}


AS_OF: Schema = ref("Instant") | {"description": "The time of this answer."}
NEXT_PAGE = text("For the next page; absent on the last.")
