"""The dashboard's body: rows below each other, and in the template as text for `Fn::Sub`.

The business comes first, then what carries it, from the outside to the inside.
"""

import json
from collections.abc import Iterator
from itertools import dropwhile
from typing import Any

from local.capacity.settings import template
from local.dashboard import services, workflows
from local.dashboard.widgets import Row
from local.place import ROOT

FILE = ROOT / "template.yaml"
WIDTH = 24
TITLE_HEIGHT = 2
_MARKER = "      DashboardBody: !Sub | # make generate\n"
_INDENT = " " * 8


def _resources(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The resources of a type that every stack has: those without a condition."""
    for name, resource in template()["Resources"].items():
        if resource["Type"] == kind and "Condition" not in resource:
            yield name, resource["Properties"]


def functions() -> list[str]:
    """Return the logical ids of the functions."""
    return [name for name, _ in _resources("AWS::Serverless::Function")]


def alarms() -> list[str]:
    """Return the names of the alarms, without the stack's name and its hyphen."""
    names = [properties["AlarmName"] for _, properties in _resources("AWS::CloudWatch::Alarm")]
    return [name.removeprefix("${AWS::StackName}-") for name in names]


def body() -> dict[str, Any]:
    """Return the body as data, with the references in it."""
    rows = [
        workflows.business(),
        workflows.vendor(),
        services.api(),
        services.functions(functions()),
        services.state_machine(),
        services.table(),
        services.queues(),
        services.alarms(alarms()),
    ]
    return {"start": "-PT12H", "periodOverride": "inherit", "widgets": list(_placed(rows))}


def _placed(rows: list[Row]) -> Iterator[dict[str, Any]]:
    """Place widgets from left to right, and begin a line where the next one does not fit."""
    y = 0
    for row in rows:
        markdown = f"## {row.title}\n{row.about}"
        yield _widget("text", 0, y, WIDTH, TITLE_HEIGHT, {"markdown": markdown, "background": "transparent"})
        y += TITLE_HEIGHT
        x = highest = 0
        for widget in row.widgets:
            if x + widget.width > WIDTH:
                x, y, highest = 0, y + highest, 0
            yield _widget(widget.type, x, y, widget.width, widget.height, widget.properties)
            x, highest = x + widget.width, max(highest, widget.height)
        y += highest


def _widget(kind: str, x: int, y: int, width: int, height: int, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "x": x, "y": y, "width": width, "height": height, "properties": properties}


def lines() -> list[str]:
    """Return the body as the template has it: JSON with a line for each widget and each line of its graph."""
    whole = body()
    widgets = [_lines_of(widget) for widget in whole.pop("widgets")]
    head = json.dumps(whole)[:-1]
    joined = [line for widget in widgets[:-1] for line in [*widget[:-1], f"{widget[-1]},"]] + widgets[-1]
    return [f'{head}, "widgets": [', *joined, "]}"]


def _lines_of(widget: dict[str, Any]) -> list[str]:
    properties = dict(widget["properties"])
    name = next((one for one in ("metrics", "alarms") if one in properties), None)
    if name is None:
        return [json.dumps(widget)]
    many = [json.dumps(one) for one in properties.pop(name)]
    head = json.dumps(widget | {"properties": properties})[:-2]
    return [f'{head}, "{name}": [', *(f"  {one}," for one in many[:-1]), f"  {many[-1]}", "]}}"]


def with_dashboard() -> str:
    """Return the text of template.yaml with this body."""
    before, found, after = FILE.read_text().partition(_MARKER)
    if not found:
        raise LookupError(f"template.yaml has no line {_MARKER}")
    rest = dropwhile(lambda line: line.startswith(_INDENT), after.splitlines(keepends=True))
    return before + found + "".join([*(f"{_INDENT}{line}\n" for line in lines()), *rest])
