"""Tables that `make generate` writes into a page, each below the line `<!-- make generate: <name> -->`."""

from collections.abc import Mapping
from itertools import dropwhile
from pathlib import Path


def table(header: list[str], *rows: list[str]) -> list[str]:
    """Return the lines of a table."""
    lines = [f"| {' | '.join(cells)} |".replace("|  |", "| |") for cells in (header, *rows)]
    return [lines[0], "|" + "---|" * len(header), *lines[1:]]


def as_text(tables: Mapping[str, list[str]]) -> str:
    """Return the tables one after the other, each with its name as a heading."""
    return "\n\n".join("\n".join([f"## {title}", "", *lines]) for title, lines in tables.items())


def with_tables(page: Path, tables: Mapping[str, list[str]]) -> str:
    """Return a page with these tables, by the name in the marker. Each replaces the table that stands there."""
    text = page.read_text()
    for name, lines in tables.items():
        marker = f"<!-- make generate: {name} -->\n"
        before, found, after = text.partition(marker)
        if not found:
            raise LookupError(f"{page.name} has no line {marker}")
        rest = dropwhile(lambda line: line.startswith("|"), after.splitlines(keepends=True))
        text = before + found + "".join([*(f"{line}\n" for line in lines), *rest])
    return text
