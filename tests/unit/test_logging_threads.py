"""Lines of several threads: each log line and each metric stays in one piece."""

import json
import sys

from failover.observability import count, logger
from tests.conftest import at_once


def test_one_object_on_each_line(capsys, monkeypatch):
    """A metric and a log line written at the same instant do not end up on one line, where both would be lost."""
    monkeypatch.setattr(logger.registered_handler, "stream", sys.stdout)

    def write():
        for _ in range(50):
            count("WorkflowsReconciled", action="started")
            logger.warning("reconciled")

    at_once(*[write] * 4)
    lines = capsys.readouterr().out.splitlines()
    assert len([json.loads(line) for line in lines]) == 400
