"""The sources that docstrings cite: headings and decisions of our own docs, faults of docs/reliability.md, ADRs."""

import re

import pytest

from tests.world import ROOT

FOLDERS = ("layers/failover", "functions", "local", "ops")
CODE = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
CITED = re.compile(r"(docs/[\w/-]+\.md)(?:, \"([^\"]+)\"|, ((?:F[0-9]+(?:, | and | to )?)+))?")


def citations():
    for path in CODE:
        text = re.sub(r"\s+", " ", path.read_text())
        for page, heading, faults in CITED.findall(text):
            for part in re.split(", | and | to ", faults) if faults else [heading]:
                yield pytest.param(page, part.strip(), id=f"{path.relative_to(ROOT)}: {page} {part}")


@pytest.mark.parametrize(("page", "part"), sorted(set(citations()), key=lambda one: one.id))
def test_cited(page, part):
    """A docstring cites a page that exists, and a heading, a decision or a fault that is on it."""
    text = (ROOT / page).read_text()
    heading_or_row = rf"^#+ {re.escape(part)}$|^\| {re.escape(part)} \|"
    assert not part or re.search(heading_or_row, text, re.M), f"{page} lacks {part}"


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_other_document(path):
    """No docstring cites a contract: the repository has none."""
    assert not re.search(r"\(contract|contract, (section|[0-9])", path.read_text())
