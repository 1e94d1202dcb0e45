"""The widgets of a dashboard and the lines in their graphs, as CloudWatch's "Dashboard body structure" has them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

STACK = "${AWS::StackName}"
OURS = "Workflows"
FIVE_MINUTES = 300
"""Seconds; the period of most graphs, and of the alarms."""
FROM_ZERO = {"left": {"min": 0, "showUnits": False}}
"""A graph's `yAxis`; likewise the next two."""
SECONDS = {"left": {"min": 0, "label": "seconds", "showUnits": False}}
MILLISECONDS = {"left": {"min": 0, "label": "milliseconds", "showUnits": False}}


@dataclass(frozen=True)
class Line:
    """One entry of a graph's `metrics`: a series of a metric, or an expression."""

    what: list[Any]


def series(namespace: str, metric: str, dimensions: dict[str, str] | None = None, **options: Any) -> Line:
    """Return one series of a metric. `options`: `stat`, `label`, `id`, `visible`, `yAxis`."""
    pairs = [word for pair in (dimensions or {}).items() for word in pair]
    return Line([namespace, metric, *pairs, options] if options else [namespace, metric, *pairs])


def ours(metric: str, service: str, **options: Any) -> Line:
    """Return one of our own metrics, as one function writes it."""
    return series(OURS, metric, {"service": service, "stack": STACK}, **options)


def alarmed(metric: str, **options: Any) -> Line:
    """Return one of our own metrics that an alarm watches: all functions together."""
    return series(OURS, metric, {"stack": STACK}, **options)


def expression(text: str, label: str, **options: Any) -> Line:
    return Line([{"expression": text, "label": label, **options}])


def search(
    metric: str,
    *dimensions: str,
    stat: str = "Sum",
    period: int = FIVE_MINUTES,
    equal: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return the expression that finds every series of one of our own metrics, of all functions of this stack.

    `dimensions`: its own ones. A series must have exactly these, `service` and `stack`. `equal`: the wanted values.
    """
    schema = ",".join([OURS, *sorted([*dimensions, "service", "stack"])])
    terms = [f'MetricName="{metric}"', f'stack="{STACK}"', *(f'{one}="{value}"' for one, value in equal.items())]
    return f"SEARCH('{{{schema}}} {' '.join(terms)}', '{stat}', {period})"


def total(metric: str, *dimensions: str, label: str, **equal: str) -> Line:
    """Return the sum of what `search` finds."""
    return expression(f"SUM({search(metric, *dimensions, equal=equal)})", label)


def by(metric: str, dimension: str, label: str = "", stat: str = "Sum", period: int = FIVE_MINUTES) -> Line:
    """Return a line for each value of a metric's one dimension; its label is the value, after `label`."""
    shown = f"{label} ${{!PROP('Dim.{dimension}')}}".strip()  # Fn::Sub leaves ${!…} as ${…}
    return expression(search(metric, dimension, stat=stat, period=period), shown)


@dataclass(frozen=True)
class Widget:
    """A widget without its place."""

    type: str
    properties: dict[str, Any]
    width: int = 8
    height: int = 6
    """In units of the grid, which is 24 wide."""


def graph(title: str, *lines: Line, width: int = 8, stat: str = "Sum", stacked: bool = False, **more: Any) -> Widget:
    """Return a graph over time. `more`: other properties, such as `period` and `yAxis`."""
    properties = {
        "title": title,
        "view": "timeSeries",
        "stacked": stacked,
        "region": "${AWS::Region}",
        "stat": stat,
        "period": FIVE_MINUTES,
        **more,
        "metrics": [line.what for line in lines],
    }
    return Widget("metric", properties, width)


@dataclass(frozen=True)
class Row:
    title: str
    about: str
    """One sentence below the title."""
    widgets: list[Widget] = field(default_factory=list)
