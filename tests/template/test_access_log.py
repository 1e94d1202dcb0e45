"""The access log of the API: what an operator finds by a request id, and nothing of the person or program that asks."""

import json
import re

import yaml

from tests.world import ROOT, template

SETTING = template()["Resources"]["Api"]["Properties"]["AccessLogSetting"]["Fn::If"]
FORMAT = SETTING[1]["Format"]
ALLOWED = {
    "requestId",
    "extendedRequestId",
    "httpMethod",
    "resourcePath",
    "status",
    "responseLatency",
    "responseLength",
    "error.responseType",
    "wafResponseCode",
    "integration.integrationStatus",
    "integration.status",
    "integration.latency",
    "integration.requestId",
}
"""Variables that hold ids, words of API Gateway and numbers only."""
VARIABLE = re.compile(r"\$context\.([A-Za-z]+(?:\.[A-Za-z]+)*)")


def test_what_is_in_a_line():
    """A line has these variables and no others: no address, user agent, path, query, credential or error message."""
    assert set(VARIABLE.findall(FORMAT)) == ALLOWED
    assert FORMAT.count("$") == len(ALLOWED)


def test_a_line_is_json():
    """A line is one JSON object on one line, also where API Gateway has no value and writes a hyphen."""
    line = json.loads(VARIABLE.sub("-", FORMAT))
    assert set(line.values()) == {"-"}
    assert "\n" not in FORMAT


def test_the_traces_that_customers_see():
    """The request id is in a line, and it is the trace id of API Gateway's own answers."""
    assert '"requestId": "$context.requestId"' in FORMAT
    for response in template()["Resources"]["Api"]["Properties"]["GatewayResponses"].values():
        assert response["ResponseParameters"]["Headers"]["X-Nexmo-Trace-Id"] == "context.requestId"


def test_only_where_it_is_switched_on(translated):
    """By default there is neither a log nor a log group, so that a stack can be deployed to any AWS account."""
    assert template()["Parameters"]["AccessLogs"]["Default"] == "false"
    assert template()["Conditions"]["WithAccessLogs"] == {"Fn::Equals": [{"Ref": "AccessLogs"}, "true"]}
    assert (SETTING[0], SETTING[2]) == ("WithAccessLogs", {"Ref": "AWS::NoValue"})
    stage = translated["Resources"]["ApibetaStage"]["Properties"]["AccessLogSetting"]
    assert stage == template()["Resources"]["Api"]["Properties"]["AccessLogSetting"]


def test_its_log_group():
    """Its log group has a retention, and is made and removed with the log."""
    group = template()["Resources"]["ApiAccessLogs"]
    assert group["Condition"] == "WithAccessLogs"
    assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert SETTING[1]["DestinationArn"] == {"Fn::GetAtt": ["ApiAccessLogs", "Arn"]}


def test_no_stack_changes_the_account():
    """The role that API Gateway needs belongs to the AWS account: no resource of the stack is or replaces it."""
    assert not any(one["Type"] == "AWS::ApiGateway::Account" for one in template()["Resources"].values())


def test_the_setting_of_the_account():
    """The account's own template keeps role and setting when its stack is deleted, as other APIs use them."""
    text = re.sub(r"!(Sub|GetAtt) ", "", (ROOT / "ops/account.yaml").read_text())
    resources = yaml.safe_load(text)["Resources"]
    assert {one["Type"] for one in resources.values()} == {"AWS::IAM::Role", "AWS::ApiGateway::Account"}
    assert all(one["DeletionPolicy"] == one["UpdateReplacePolicy"] == "Retain" for one in resources.values())


def test_documented_fields():
    """docs/dashboard.md has a row for each field of a line, and no other."""
    page = (ROOT / "docs/dashboard.md").read_text()
    table = page.partition("## The access log")[2].partition("| field | meaning |\n|---|---|\n")[2].partition("\n\n")[0]
    named = {name for line in table.splitlines() for name in re.findall(r"`(\w+)`", line.split(" | ")[0])}
    assert named == set(json.loads(FORMAT))
