"""What the OpenAPI document calls a workflow is what the code accepts, no more and no less."""

import json

import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode

from failover.rules import strict_json
from failover.rules.request import InvalidRequest, validated
from local.openapi import PATH
from tests.described import in_order

SETTINGS = schemathesis.Config.from_dict({"generation": {"allow-x00": False, "codec": "utf-8"}})
CREATE = schemathesis.openapi.from_path(PATH, config=SETTINGS)["/workflows"]["POST"]
COMPONENTS = json.loads(PATH.read_text())["components"]
DESCRIBED = Draft202012Validator({"$ref": "#/components/schemas/WorkflowRequest", "components": COMPONENTS})
SOME = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


def accepted(body):
    try:
        validated(strict_json.parse(json.dumps(body).encode()))
    except InvalidRequest:
        return False
    return True


def comparable(body):
    """No schema says which addresses are public, or which step is the last."""
    if isinstance(body, dict) and isinstance(body.get("webhook_url"), str):
        body = {**body, "webhook_url": "https://example.org/"}
    return in_order(body)


@SOME
@given(CREATE.as_strategy(generation_mode=GenerationMode.POSITIVE))
def test_described(case):
    """A body that the document describes is accepted."""
    body = comparable(case.body)
    assert DESCRIBED.is_valid(body)
    assert accepted(body)


@SOME
@given(CREATE.as_strategy(generation_mode=GenerationMode.NEGATIVE))
def test_not_described(case):
    """A body that was made to contradict the document is rejected, unless it fits all the same."""
    assume(not isinstance(case.body, bytes))
    body = comparable(case.body)
    assert accepted(body) == DESCRIBED.is_valid(body)
