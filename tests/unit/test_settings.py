"""Settings that depend on where the functions run."""

import pytest

from failover.settings import from_environment

LAMBDA = {"AWS_LAMBDA_FUNCTION_NAME": "workflows-deliver-webhook", "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13"}
ENGINE = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}


@pytest.mark.parametrize(("where", "allowed"), [({}, True), (LAMBDA, False), (LAMBDA | ENGINE, True)])
def test_loopback_webhooks(where, allowed):
    """In AWS Lambda no webhook goes to a loopback address, with any value of the stack's parameter."""
    assert from_environment({**where, "LOOPBACK_WEBHOOKS": "true"}).loopback_webhooks is allowed
    assert not from_environment({**where, "LOOPBACK_WEBHOOKS": "false"}).loopback_webhooks
    assert not from_environment(where).loopback_webhooks
