"""Every decision in the docs has a test that names it: `@pytest.mark.decision("…")`."""

import re

from tests.world import ROOT

DECISIONS = (ROOT / "docs/api.md").read_text().partition("## Decisions")[2]
TESTS = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))


def test_every_decision_is_tested():
    """The rows of the decision table and the names in the tests' markers are the same."""
    rows = re.findall(r"^\| (.+?) \| ", DECISIONS, re.MULTILINE)[1:]
    assert rows
    assert sorted(rows) == sorted(set(re.findall(r'^@pytest\.mark\.decision\("(.+)"\)$', TESTS, re.MULTILINE)))
