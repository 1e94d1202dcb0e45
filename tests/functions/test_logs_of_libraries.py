"""I8: no library logs personal data, at any log level."""

import json
import os
import subprocess
import sys

import pytest

from tests.examples import MESSENGER, SMS
from tests.world import ROOT

AS_LAMBDA_DOES = """
import logging, os, sys
logging.basicConfig(stream=sys.stdout, level=os.environ["AWS_LAMBDA_LOG_LEVEL"])  # the runtime's, before our code

from failover.observability import logger
logger.debug("a line of ours")

import json, boto3
from moto import mock_aws
from tests.messages_server import MessagesServer
from tests.world import World, load, http_event
from tests.examples import ID, TWO_STEPS, workflow

steps = json.loads(sys.argv[1])
with mock_aws():
    world = World(os.environ.__setitem__, MessagesServer().url)
    world.put(workflow(*TWO_STEPS), steps)
    load("send_messenger").handler({"workflow": ID, "step": 0}, None)
    logging.getLogger("botocore.endpoint").warning("a warning of a library")
    print("\\n".join(map(repr, world.items())), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def written():
    """(log, table) of a send at level DEBUG, in a process with the logging set-up of Lambda's runtime."""
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT}/layers/failover:{ROOT}",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_LAMBDA_LOG_LEVEL": "DEBUG",
        "POWERTOOLS_LOG_LEVEL": "DEBUG",
    }
    run = subprocess.run(
        [sys.executable, "-c", AS_LAMBDA_DOES, json.dumps([MESSENGER, SMS])],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout, run.stderr


def test_no_personal_data_at_debug(written):
    """With LogLevel=DEBUG no text, address or secret is logged, although all were sent."""
    log, table = written
    for personal in ("Hello from Messenger", "sim-unread", "447700900000"):
        assert personal in table
        assert personal not in log
    assert "vendor-secret" not in log


def test_libraries_log_warnings_only(written):
    """At DEBUG all of our own lines are logged, and a library's from WARNING up."""
    log, _ = written
    assert "a line of ours" in log
    assert "a warning of a library" in log
    assert '"message":"step sent"' in log
    assert not any(line.startswith(("DEBUG:", "INFO:")) and "a line of ours" not in line for line in log.splitlines())
