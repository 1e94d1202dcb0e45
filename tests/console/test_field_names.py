"""The names of the API's fields in the console's sources."""

import json
import re
from collections.abc import Iterator
from typing import Any

from failover.edges import reference
from failover.rules.requests import form
from tests.world import ROOT

READ = re.compile(r"(?:\?\.|\.|[{,(]\s*)([a-z]+(?:_[a-z]+)+)\b(?!\()")
"""A name with an underscore after a dot, or in a pattern or an object: the sources' own names have none."""
COMMENT = re.compile(r"/\*.*?\*/|//.*?$", re.DOTALL | re.MULTILINE)


def names(schema: Any) -> Iterator[str]:
    """Every name of a property in the OpenAPI document, and every word of an enumeration."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        yield from (word for word in schema.get("enum", []) if isinstance(word, str))
        for one in schema.values():
            yield from names(one)
    elif isinstance(schema, list):
        for one in schema:
            yield from names(one)


def keys(value: Any) -> Iterator[str]:
    """Every name in the description of the form, which the page carries itself."""
    if isinstance(value, dict):
        yield from value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from keys(one)


def test_field_names() -> None:
    """Each field of an answer that the console reads and whose name has an underscore is in the API's document."""
    known = set(names(json.loads(reference.document().text))) | set(keys(form.described("v1")))
    sources = sorted((ROOT / "local/console/src").rglob("*.js"))
    read = {(name, path.name) for path in sources for name in READ.findall(COMMENT.sub("", path.read_text()))}
    assert len(read) > 40
    assert {(name, path) for name, path in read if name not in known} == set()
