"""API Gateway before the functions: one stage, and its own answers, which clients see like those of the functions."""

import json
import string
import uuid

import pytest

from failover import problems
from failover.edges import http_edge
from tests.described import check
from tests.world import template

API = template()["Resources"]["Api"]["Properties"]
RESPONSES = API["GatewayResponses"]
FILLED_IN = "$context.requestId"


def test_one_stage(translated):
    """There is one stage, with the throttle and the web ACL; a deployment creates no other."""

    def stage_names(kind):
        resources = translated["Resources"].values()
        return [one["Properties"].get("StageName") for one in resources if one["Type"] == f"AWS::ApiGateway::{kind}"]

    assert stage_names("Stage") == ["beta"]
    assert stage_names("Deployment") == [None]


def test_what_sam_makes_of_it(translated):
    """The translated API has every method of the template and every gateway response, and takes all bodies as bytes."""
    body = translated["Resources"]["Api"]["Properties"]["Body"]
    events = [
        event["Properties"]
        for resource in template()["Resources"].values()
        for event in resource.get("Properties", {}).get("Events", {}).values()
        if event["Type"] == "Api"
    ]
    made = {(path, method) for path, item in body["paths"].items() for method in item if "sandbox" not in path}
    assert made == {(event["Path"], event["Method"].lower()) for event in events if "sandbox" not in event["Path"]}
    assert body["x-amazon-apigateway-binary-media-types"] == ["*/*"]
    assert set(body["x-amazon-apigateway-gateway-responses"]) == set(RESPONSES)


def test_the_catalogue_has_them_all():
    """The template has exactly the gateway responses of the catalogue."""
    assert set(RESPONSES) == set(problems.GATEWAY_RESPONSES)


@pytest.mark.parametrize("response_type", problems.GATEWAY_RESPONSES)
def test_gateway_responses(response_type):
    """Each gateway response has the type, title, detail, status and headers of its problem in the catalogue."""
    response, problem = RESPONSES[response_type], problems.GATEWAY_RESPONSES[response_type]
    assert problem.kind in problems.CATALOGUE
    assert json.loads(response["ResponseTemplates"]["application/json"]) == problem.body(FILLED_IN)
    assert list(response["ResponseTemplates"]) == ["application/json"]
    assert response.get("StatusCode") == (None if response_type.startswith("DEFAULT") else problem.kind.status)
    expected = {
        "Content-Type": problems.CONTENT_TYPE,
        **http_edge.ON_EVERY_ANSWER,
        **http_edge.ON_EVERY_PROBLEM,
        **problem.headers,
    }
    assert response["ResponseParameters"] == {
        "Headers": {
            **{name: f"'{value}'" for name, value in expected.items()},
            http_edge.TRACE_HEADER: FILLED_IN.removeprefix("$"),
        }
    }


@pytest.mark.parametrize("response_type", RESPONSES)
def test_nothing_of_the_request_comes_back(response_type):
    """A gateway response inserts only the request id, so it is valid JSON and quotes no header of the request."""
    text = RESPONSES[response_type]["ResponseTemplates"]["application/json"]
    assert text.count("$") == text.count(FILLED_IN) == 1
    request_id = str(uuid.uuid4())
    filled_in = json.loads(text.replace(FILLED_IN, request_id))
    assert filled_in["instance"] == request_id
    assert set(text) <= set(string.printable)
    check("Problem", filled_in)


def test_retry_after():
    """Every 429 and 503 has a Retry-After."""
    assert all(
        response["StatusCode"] not in (429, 503) or "Retry-After" in response["ResponseParameters"]["Headers"]
        for response in RESPONSES.values()
        if "StatusCode" in response
    )


def test_the_gateway_compresses_nothing():
    """API Gateway compresses nothing: it would also decompress callbacks, whose signature covers the original bytes."""
    assert "MinimumCompressionSize" not in API
