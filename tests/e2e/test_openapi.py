"""The API answers as its OpenAPI document says."""

import json

import requests
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis.errors import FlakyStrategyDefinition
from openapi_spec_validator import validate

from local.openapi import PATH
from tests.described import in_order

WITHOUT_COVERAGE = {"phases": {"coverage": {"enabled": False}}}
"""The options of the channels have tens of thousands of combinations; tests/properties tests bodies closely."""
CONFIG = {
    "generation": {"allow-x00": False, "codec": "utf-8"},
    "operations": [{"include-name": f"POST /{word}", **WITHOUT_COVERAGE} for word in ("workflows", "dispatch")],
}
SCHEMA = schemathesis.openapi.from_path(PATH, config=schemathesis.Config.from_dict(CONFIG))
SOME = settings(
    max_examples=15,
    stateful_step_count=5,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@schemathesis.hook
def before_call(_, case, **__):
    """A workflow's webhooks go to this machine, and its last step is a last step."""
    if isinstance(case.body, dict) and isinstance(case.body.get("webhook_url"), str):
        case.body = {**case.body, "webhook_url": "http://127.0.0.1:9/webhooks"}
    case.body = in_order(case.body)


@SCHEMA.parametrize()
@SOME
def test_as_described(case, deployed):
    """Every answer to a valid or an invalid request is described in the document."""
    answer = case.call(base_url=f"{deployed.place.url}/beta", session=deployed.session)
    case.validate_response(answer)


def test_one_after_the_other(deployed):
    """Requests that follow the links and ids of an answer are answered as the document describes."""

    class Client(SCHEMA.as_state_machine()):
        def get_call_kwargs(self, _):
            return {"base_url": f"{deployed.place.url}/beta", "session": deployed.session}

    for rest in (2, 1, 0):
        try:
            return Client.run(settings=SOME)
        except FlakyStrategyDefinition:  # a workflow has gone on between two runs, so its answer has other links
            if rest == 0:
                raise
    return None


def test_document(deployed):
    """`/openapi.json` returns the committed document without credentials, and it is valid."""
    answer = requests.get(f"{deployed.place.url}/beta/openapi.json", timeout=60)
    assert answer.json() == json.loads(PATH.read_text())
    validate(answer.json())


def test_reference_page(deployed):
    """`/docs` returns without credentials a page that shows the document and loads nothing from other hosts."""
    answer = requests.get(f"{deployed.place.url}/beta/docs", timeout=60)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert '"createWorkflow"' in answer.text
    assert "<title>Workflows API</title>" in answer.text
    assert '"openapi.json"' in answer.text


def test_console(deployed):
    """`/console` returns without credentials a page that has been configured for this stack."""
    answer = requests.get(f"{deployed.place.url}/beta/console", timeout=60)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert '{"sandbox":true,' in answer.text
