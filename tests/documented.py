"""Parts of docs/api.md."""

import re

from tests.world import ROOT

API = (ROOT / "docs/api.md").read_text()


def row(page, first):
    """The cells of the table row that begins with `first`."""
    (line,) = [line for line in page.splitlines() if line.startswith(f"| {first} |")]
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def section(title):
    """The text below a heading of docs/api.md, up to the next one of the same or a higher rank."""
    start = re.search(rf"^(#+) {re.escape(title)}$", API, re.MULTILINE)
    end = re.search(rf"^#{{1,{len(start[1])}}} ", API[start.end() :], re.MULTILINE)
    return API[start.end() : start.end() + end.start()] if end else API[start.end() :]
