"""What stands before the functions."""

from tests.world import template

RESPONSES = template()["Resources"]["Api"]["Properties"]["GatewayResponses"]


def test_one_stage(translated):
    """Requests come in by one stage, which has the throttle and the web ACL; a deployment brings no other one."""

    def stage_names(kind):
        resources = translated["Resources"].values()
        return [one["Properties"].get("StageName") for one in resources if one["Type"] == f"AWS::ApiGateway::{kind}"]

    assert stage_names("Stage") == ["beta"]
    assert stage_names("Deployment") == [None]


def test_what_sam_makes_of_it(translated):
    """The translated API has every method of the template, every gateway response, and takes all bodies as bytes."""
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
