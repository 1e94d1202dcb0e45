"""The queries of docs/dashboard.md name fields that the log lines have."""

import json
import re

import pytest

from tests.unit.test_documentation import logged_fields
from tests.world import ROOT, template

PAGE = (ROOT / "docs/dashboard.md").read_text()
WORDS = {"filter", "stats", "sort", "display", "limit", "by", "and", "desc", "count", "pct", "bin", "5m", "20", "95"}
OF_LAMBDA = {"record.requestId", "record.status", "record.metrics.durationMs"}
"""Fields of Lambda's own line `platform.report`, in its JSON format."""


def queries():
    """The log groups of each query with the query."""
    table = PAGE.partition("| log groups | question | query |\n|---|---|---|\n")[2].partition("\n\n")[0]
    groups = ""
    for line in table.splitlines():
        of, _, query = re.fullmatch(r"\| (.*?) \| (.*?) \| `(.*)` \|", line).groups()
        groups = groups if of == "the same" else of
        yield pytest.param(groups, query.replace("\\|", "|"), id=query[:40])


@pytest.mark.parametrize(("groups", "query"), list(queries()))
def test_fields(groups, query):
    """A query of the access log names its fields; one of the functions' logs those of our lines or of Lambda's."""
    named = set(re.findall(r"[@\w.]+", re.sub(r'"[^"]*"', "", query))) - WORDS - {"@timestamp"}
    if "-access" in groups:
        access = template()["Resources"]["Api"]["Properties"]["AccessLogSetting"]["Fn::If"][1]["Format"]
        assert named <= set(json.loads(access))
    else:
        assert named <= logged_fields() | {"message", "service", "type"} | OF_LAMBDA


def test_what_is_looked_for():
    """Each message that a query looks for is one that our code writes."""
    sources = "".join(path.read_text() for path in (ROOT / "layers/failover/failover").rglob("*.py"))
    messages = set(re.findall(r'message = "([^"]+)"', PAGE))
    assert messages
    assert {message for message in messages if f'"{message}"' not in sources} == set()
