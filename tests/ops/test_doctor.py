"""`make doctor`: what it says of a stack that works, and of one that does not (a real one: tests/e2e/test_ops.py)."""

import json
import re
import time
import uuid

import pytest
import requests

from failover.rules.requests.request import validated
from ops import vendor
from ops.deployed import Deployed
from ops.doctor import api, callbacks, doctor, message, resources, secrets
from ops.doctor.message import Wanted
from tests.messages_server import closed, http, problem
from tests.ops.conftest import during, no_answer
from tests.tokens import KEY, private_pem
from tests.world import REGION, body_of, callback_event, load, template

STACK = "workflows-prod"


def stack(status="CREATE_COMPLETE", resources=None, **parameters):
    found = Deployed(STACK, REGION, status, {"ApiUrl": "https://api.test/beta"}, {"Sandbox": "false", **parameters})
    found.__dict__["resources"] = resources or {}
    return found


def verdicts(found):
    return [one.verdict for one in found]


# ---------------------------------------------------------------- the stack's resources


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("CREATE_COMPLETE", "ok"),
        ("UPDATE_COMPLETE", "ok"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "ok"),
        ("UPDATE_ROLLBACK_COMPLETE", "warning"),
        ("UPDATE_IN_PROGRESS", "warning"),
        ("ROLLBACK_COMPLETE", "failure"),
        ("UPDATE_ROLLBACK_FAILED", "failure"),
        ("DELETE_FAILED", "failure"),
    ],
)
def test_status(status, verdict):
    """A stack whose last deployment failed or goes on is not called fine."""
    assert verdicts(resources.stack(stack(status))) == [verdict]


ALARMS = {name: ("AWS::CloudWatch::Alarm", f"{STACK}-{name.lower()}") for name in ("A", "B")}
GRADUAL = {name: ("AWS::CloudWatch::Alarm", f"{STACK}-{name}") for name in resources.SILENT}
"""Those that a stack with GradualDeployments has in addition."""


def alarm(name, state="OK", actions=("arn:aws:sns:eu-west-1:1:t",), enabled=True):
    return {
        "AlarmName": f"{STACK}-{name}",
        "StateValue": state,
        "AlarmActions": list(actions),
        "ActionsEnabled": enabled,
    }


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([alarm("a"), alarm("b"), alarm("of-another-stack", "ALARM")], ["ok"]),
        ([alarm("a"), alarm("b", "INSUFFICIENT_DATA")], ["ok"]),
        ([alarm("a")], ["failure"]),
        ([alarm("a"), alarm("b", "ALARM")], ["failure"]),
        ([alarm("a"), alarm("b", actions=())], ["warning"]),
        ([alarm("a"), alarm("b", enabled=False)], ["warning"]),
    ],
)
def test_alarms(stub, found, expected):
    """An alarm that is missing or rings is a failure, one that notifies no one a warning."""
    stub("cloudwatch").add_response("describe_alarms", {"MetricAlarms": found}, {"AlarmNamePrefix": f"{STACK}-"})
    assert verdicts(resources.alarms(stack(resources=ALARMS))) == expected


@pytest.mark.parametrize(("state", "expected"), [("OK", ["ok"]), ("ALARM", ["failure"])])
def test_alarms_of_deployments(stub, state, expected):
    """An alarm that only takes a deployment back may be without an action, and must not ring."""
    found = [alarm("a"), alarm("b"), *(alarm(name, state, actions=()) for name in resources.SILENT)]
    stub("cloudwatch").add_response("describe_alarms", {"MetricAlarms": found}, {"AlarmNamePrefix": f"{STACK}-"})
    assert verdicts(resources.alarms(stack(resources=ALARMS | GRADUAL))) == expected


def test_which_alarms_notify_no_one():
    """They are exactly the alarms of the template without actions."""
    every = {name: one for name, one in template()["Resources"].items() if one["Type"] == "AWS::CloudWatch::Alarm"}
    assert {name for name, one in every.items() if "AlarmActions" not in one["Properties"]} == set(resources.SILENT)


@pytest.mark.parametrize(
    ("groups", "expected"),
    [({"a": 30, "b": 30}, ["ok"]), ({"a": 30}, ["failure"]), ({"a": 30, "b": None}, ["warning"])],
)
def test_logs(stub, groups, expected):
    """Each log group exists, and forgets."""
    names = {name.upper(): ("AWS::Logs::LogGroup", f"/aws/lambda/{STACK}-{name}") for name in ("a", "b")}
    found = [
        {"logGroupName": f"/aws/lambda/{STACK}-{name}"} | ({"retentionInDays": days} if days else {})
        for name, days in groups.items()
    ]
    stub("logs").add_response("describe_log_groups", {"logGroups": found})
    assert verdicts(resources.logs(stack(resources=names))) == expected


@pytest.mark.parametrize(("waiting", "hidden", "verdict"), [(0, 0, "ok"), (2, 0, "warning"), (0, 1, "warning")])
def test_dead_letters(stub, waiting, hidden, verdict):
    """A dead letter is a warning, also while it is being read."""
    queues = {"WebhookDeadLetters": ("AWS::SQS::Queue", "https://sqs.eu-west-1.amazonaws.com/1/d")}
    numbers = {
        "ApproximateNumberOfMessages": str(waiting),
        "ApproximateNumberOfMessagesNotVisible": str(hidden),
    }
    stub("sqs").add_response("get_queue_attributes", {"Attributes": numbers})
    assert verdicts(resources.dead_letters(stack(resources=queues))) == [verdict]


def test_the_queues_are_those_of_the_template():
    """Every queue that no function of ours empties is looked at."""
    emptied = {
        event["Properties"]["Queue"]["Fn::GetAtt"][0]
        for resource in template()["Resources"].values()
        for event in resource.get("Properties", {}).get("Events", {}).values()
        if event["Type"] == "SQS"
    }
    queues = {name for name, one in template()["Resources"].items() if one["Type"] == "AWS::SQS::Queue"}
    assert queues - emptied == set(resources.DEAD_LETTERS)


@pytest.mark.parametrize(
    ("protected", "recovery", "sandbox", "verdict"),
    [
        (True, "ENABLED", "false", "ok"),
        (False, "ENABLED", "false", "failure"),
        (True, "DISABLED", "false", "failure"),
        (False, "DISABLED", "true", "ok"),
    ],
)
def test_table(stub, protected, recovery, sandbox, verdict):
    """Outside the sandbox the table can be restored, and cannot be deleted by mistake."""
    dynamodb = stub("dynamodb")
    found = {"TableStatus": "ACTIVE", "DeletionProtectionEnabled": protected}
    dynamodb.add_response("describe_table", {"Table": found}, {"TableName": "t"})
    backups = {
        "ContinuousBackupsStatus": "ENABLED",
        "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": recovery},
    }
    dynamodb.add_response("describe_continuous_backups", {"ContinuousBackupsDescription": backups}, {"TableName": "t"})
    asked = stack(resources={"Table": ("AWS::DynamoDB::Table", "t")}, Sandbox=sandbox)
    assert verdicts(resources.table(asked)) == [verdict]


@pytest.mark.parametrize(
    ("state", "update", "verdict"),
    [
        ("Active", "Successful", "ok"),
        ("Inactive", "Successful", "ok"),
        ("Pending", "Successful", "failure"),
        ("Active", "Failed", "failure"),
    ],
)
def test_functions(stub, state, update, verdict):
    """A function that cannot run is named."""
    stub("lambda").add_response("get_function_configuration", {"State": state, "LastUpdateStatus": update})
    (finding,) = resources.functions(stack(resources={"SendSms": ("AWS::Lambda::Function", "f")}))
    assert finding.verdict == verdict
    assert ("SendSms" in finding.text) == (verdict == "failure")


@pytest.mark.parametrize(("weights", "expected"), [({}, []), ({"7": 0.1}, ["warning"])])
def test_a_deployment_goes_on(stub, weights, expected):
    """While an alias shares its requests between two versions, the findings are those of either."""
    arn = f"arn:aws:lambda:{REGION}:123456789012:function:{STACK}-send-sms:live"
    answer = {"RoutingConfig": {"AdditionalVersionWeights": weights}} if weights else {}
    stub("lambda").add_response("get_alias", answer, {"FunctionName": arn.removesuffix(":live"), "Name": "live"})
    assert verdicts(resources.aliases(stack(resources={"A": ("AWS::Lambda::Alias", arn)}))) == expected


def test_another_stack(stub):
    """A stack of another template has two lines, and nothing else is asked."""
    assert verdicts(doctor(stack(), "https://api.test/beta")) == ["ok", "failure"]


# ---------------------------------------------------------------- the API


def test_not_https():
    """An API without https is a failure, and is not called."""
    assert verdicts(api.reachable("http://api.test/beta")) == ["failure"]


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (http(200, b'{"openapi": "3.1.0"}'), "ok"),
        (http(403, b'{"message": "Forbidden"}'), "failure"),
        (http(200, b"<html>"), "failure"),
        (closed, "failure"),
    ],
)
def test_reachable(messages, answer, verdict):
    """The public document answers, or the line says what does."""
    messages.script.append(answer)
    assert verdicts(api.reachable(f"{messages.url}/beta")) == [verdict]


OWN = {"info": {"version": "0.2.0"}, "paths": {"/workflows": {}}}


@pytest.mark.parametrize(
    ("running", "verdict"),
    [(OWN, "ok"), ({**OWN, "paths": {}}, "warning"), ({"info": {"version": "0.1.0"}}, "warning"), ({}, "warning")],
)
def test_version(running, verdict):
    """Another version than the checkout's is a warning, and so is the same version with another API."""
    assert api.of_documents(running, OWN).verdict == verdict


def answered(status, body, trace="t"):
    answer = requests.Response()
    answer.status_code, answer._content = status, json.dumps(body).encode()
    answer.headers["X-Nexmo-Trace-Id"] = trace
    return answer


PROBLEM = {"type": "u", "title": "Unauthorized", "detail": "d", "instance": "t"}


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (answered(401, PROBLEM), "ok"),
        (answered(401, {"message": "Unauthorized"}), "failure"),
        (answered(401, PROBLEM, "of another proxy"), "failure"),
        (answered(403, PROBLEM), "failure"),
        (answered(200, {}), "failure"),
    ],
)
def test_strangers(answer, verdict):
    """Without credentials only our own 401 is right."""
    assert api.of_stranger("https://api.test/beta/workflows", answer).verdict == verdict


def test_every_address(monkeypatch):
    """With a domain the API is asked at its own address and at both base paths of the domain."""
    asked = []
    monkeypatch.setattr(api, "call", lambda _, url: asked.append(url) or answered(401, PROBLEM))
    assert verdicts(api.strangers(stack(DomainName="w.example.com"), "https://api.test/beta")) == ["ok"] * 3
    assert asked == [
        "https://api.test/beta/workflows",
        "https://w.example.com/beta/workflows",
        "https://w.example.com/v0.1/dispatch",
    ]


# ---------------------------------------------------------------- secrets and the Messages API


def secret(stub, value):
    stub("secretsmanager").add_response("get_secret_value", {"SecretString": json.dumps(value)})


def versions(stub, *stages):
    rows = [{"VersionId": str(uuid.uuid4()), "VersionStages": [stage]} for stage in stages]
    stub("secretsmanager").add_response("list_secret_version_ids", {"Versions": rows})


NAMED = {
    name: ("AWS::SecretsManager::Secret", f"{STACK}/{name}")
    for name in ("SignatureSecret", "WebhookSecret", "RecipientSecret", "MessagesSecret")
}


def test_secrets(stub):
    """Secrets that were stored by hand have a version before; none is printed."""
    secret(stub, {"signature_secret": "very-private"})
    secret(stub, {"signing_key": "very-private"})
    secret(stub, {"hashing_key": "very-private"})
    versions(stub, "AWSCURRENT", "AWSPREVIOUS")
    versions(stub, "AWSPREVIOUS", "AWSCURRENT")
    found = list(secrets.secrets(stack(resources=NAMED)))
    assert verdicts(found) == ["ok", "ok", "ok"]
    assert "very-private" not in str(found)


def test_secrets_of_a_new_stack(stub):
    """The random first values are not the vendor's, except in the sandbox, which knows no others."""
    for sandbox, expected in (("false", ["ok"] * 3 + ["failure"] * 2), ("true", ["ok"] * 3)):
        secret(stub, {"signature_secret": "random"})
        secret(stub, {"signing_key": "random"})
        secret(stub, {"hashing_key": "random"})
        if sandbox == "false":
            versions(stub, "AWSCURRENT")
            versions(stub, "AWSCURRENT")
        assert verdicts(secrets.secrets(stack(resources=NAMED, Sandbox=sandbox))) == expected


@pytest.mark.parametrize("broken", secrets.NEEDED)
@pytest.mark.parametrize("value", [["a"], {"secret": "x"}, {"": ""}, {"": 5}])
def test_unusable_secret(stub, broken, value):
    """A secret without its field is a failure, and does not stop the others. The stack's own get no other value."""
    for name, field in secrets.NEEDED.items():
        named = {key or field: one for key, one in value.items()} if isinstance(value, dict) else value
        secret(stub, named if name == broken else {field: "k"})
    expected = ["failure" if name == broken else "ok" for name in secrets.NEEDED]
    found = list(secrets.secrets(stack(resources=NAMED, Sandbox="true")))
    assert verdicts(found) == expected
    (text,) = (one.text for one in found if one.verdict == "failure")
    assert ("store it again" in text) == (broken == "SignatureSecret")


def test_secrets_of_an_earlier_release(stub):
    """A stack of a release that has no such secret yet is tested for the others."""
    secret(stub, {"signature_secret": "k"})
    secret(stub, {"signing_key": "k"})
    earlier = {name: one for name, one in NAMED.items() if name != "RecipientSecret"}
    assert verdicts(secrets.secrets(stack(resources=earlier, Sandbox="true"))) == ["ok", "ok"]


def test_every_secret_of_the_template():
    """Every secret that a function reads is looked at; the credentials have a check of their own."""
    every = {name for name, one in template()["Resources"].items() if one["Type"] == "AWS::SecretsManager::Secret"}
    assert every == {*secrets.NEEDED, "MessagesSecret"}


APPLICATION = {"application_id": "37e32606-bd7f-4065-85ea-49b3bf3effa0", "private_key": private_pem(KEY)}


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (problem(422, "Invalid params"), "ok"),
        (problem(400, "Bad Request"), "ok"),
        (problem(401, "Unauthorized"), "failure"),
        (problem(402, "Low balance"), "failure"),
        (problem(403, "Forbidden"), "failure"),
        (http(404), "failure"),
        (http(429), "warning"),
        (http(500), "warning"),
        (http(202, b'{"message_uuid": "x"}'), "warning"),
        (closed, "failure"),
    ],
)
def test_vendor(messages, answer, verdict):
    """Credentials are valid if the Messages API refuses the message and not them. The message cannot be sent."""
    messages.script.append(answer)
    assert vendor.credentials(messages.url, "v1", APPLICATION).verdict == verdict
    assert [(one.path, one.body) for one in messages.requests] == [("/v1/messages", {})]
    assert messages.requests[0].headers["authorization"].startswith("Bearer ")


def test_vendor_with_a_key(messages):
    """An API key that is accepted is a warning: it may get no statuses."""
    messages.script.append(problem(422, "Invalid params"))
    finding = vendor.credentials(messages.url, "v1", {"api_key": "key", "api_secret": "very-private"})
    assert finding.verdict == "warning"
    assert "very-private" not in finding.text


def test_vendor_without_credentials(messages):
    """Credentials that cannot be used are not sent anywhere."""
    assert vendor.credentials(messages.url, "v1", {"application_id": "a"}).verdict == "failure"
    assert messages.requests == []


# ---------------------------------------------------------------- callbacks


def test_the_callback_changes_nothing(world, output):
    """The real function accepts the callback when it is genuine, refuses it when it is not, and writes nothing."""
    function, before = load("message_status"), world.items()
    genuine = function.handler(callback_event(callbacks.harmless()), None)
    forged = function.handler(callback_event(callbacks.harmless(), secret="of someone else" * 3), None)
    assert (genuine["statusCode"], forged["statusCode"]) == (200, 401)
    assert body_of(genuine) == {}
    assert world.items() == before


def test_no_alarm_rings():
    """The genuine callbacks on either side outnumber the forged one, so that its alarm's share is not exceeded."""
    threshold = template()["Resources"]["ReceiptsForged"]["Properties"]["Threshold"]
    assert threshold >= 100 / (1 + callbacks.AROUND)


@pytest.mark.parametrize(
    ("genuine", "forged", "expected"),
    [
        (200, 401, ["ok", "ok"]),
        (401, 401, ["failure", "ok"]),
        (503, 401, ["failure", "ok"]),
        (403, 403, ["failure", "failure"]),
        (200, 200, ["ok", "failure"]),
    ],
)
def test_callbacks(stub, messages, genuine, forged, expected):
    """Wrong answers to a genuine and to a forged callback fail different lines; a wrong secret fails the first line."""
    secret(stub, {"signature_secret": "a secret of thirty-two bytes and more"})
    messages.script += [http(genuine)] * callbacks.AROUND + [http(forged)] + [http(genuine)] * callbacks.AROUND
    assert verdicts(callbacks.callbacks(stack(resources=NAMED), messages.url)) == expected
    assert {one.path for one in messages.requests} == {"/webhooks/message-status"}


# ---------------------------------------------------------------- the message


def wanted(channel="sms", sender="ACME", recipient="447700900123", **more):
    return Wanted(channel, sender, recipient, **more)


@pytest.mark.parametrize(
    ("channel", "sender"),
    [
        ("sms", "ACME"),
        ("mms", "447700900001"),
        ("whatsapp", "447700900001"),
        ("messenger", "1234567"),
        ("viber_service_msg", "1234"),
        ("rcs", "brand"),
    ],
)
def test_the_request(channel, sender):
    """The request is valid on each channel, and its webhooks go to the API itself, unless another address is given."""
    body = wanted(channel, sender).request("https://api.test/beta")
    assert validated(body).steps
    assert body["webhook_url"] == "https://api.test/beta/docs"


STEP = {"step": 0, "channel": "sms"}


@pytest.mark.parametrize(
    ("workflow", "verdict"),
    [
        ({"status": "completed", "steps": [{**STEP, "message_uuid": "m", "status": "delivered"}]}, "ok"),
        ({"status": "running", "steps": [{**STEP, "message_uuid": "m", "status": "submitted"}]}, "warning"),
        ({"status": "running", "steps": [{**STEP, "message_uuid": "m"}]}, "failure"),
        ({"status": "running", "steps": [STEP]}, "failure"),
        ({"status": "error", "steps": [STEP], "reason": "refused: 422 447700900123 is not a number"}, "failure"),
        ({"title": "Service Unavailable"}, "failure"),
    ],
)
def test_how_it_ended(workflow, verdict):
    """Only a message that reached its status is fine; without any status, callbacks do not arrive."""
    finding = message.of_workflow(workflow, wanted())
    assert finding.verdict == verdict
    assert "447700900123" not in finding.text


def webhook(answer=None, error=None):
    attempt = {"answer": answer} if answer else {"error": error}
    return {"kind": "final_report", "attempts": [attempt]}


@pytest.mark.parametrize(
    ("webhooks", "url", "verdict"),
    [
        ([webhook(405)], None, "ok"),
        ([webhook(403)], None, "warning"),
        ([webhook(error="timeout")], None, "failure"),
        ([{"kind": "final_report", "attempts": []}], None, "failure"),
        ([], None, "failure"),
        ([webhook(204)], "https://me.test", "ok"),
        ([webhook(401)], "https://me.test", "warning"),
    ],
)
def test_webhooks(webhooks, url, verdict):
    """A webhook that nothing attempted, or nothing answered, is a failure."""
    assert message.of_webhooks(webhooks, wanted(webhook_url=url)).verdict == verdict


def test_nothing_private_is_shown():
    """A recipient is masked, also where Python shows the object."""
    assert wanted().masked == "…23"
    assert not re.search("4477009001", repr(wanted()))


# ---------------------------------------------------------------- the account of the message, if the doctor dies

ENDED = {"status": "completed", "steps": [{"step": 0, "message_uuid": "m", "status": "delivered"}]}
RUNNING = {"status": "running", "steps": [{"step": 0}]}
CREATED = http(202, b'{"workflow_uuid": "w"}')


def as_json(value):
    return http(200, json.dumps(value).encode())


@pytest.fixture
def tested(aws_lambda, messages):
    """A stack whose API accepts the message, and shows that it was delivered, with its webhooks."""
    messages.script += [CREATED, as_json(ENDED), as_json({"webhooks": [webhook(405)]})]
    return stack(resources={"Accounts": ("AWS::Lambda::Function", f"{STACK}-accounts")})


def test_the_account(tested, aws_lambda, messages):
    """The message is sent with an account of its own, which is gone at the end."""
    names = []
    aws_lambda.after = lambda action: names.extend(aws_lambda.accounts().values() if action == "create_account" else [])
    assert verdicts(message.message(tested, messages.url, wanted())) == ["ok"] * 3
    (name,) = names
    assert re.fullmatch(r"doctor-[0-9a-f]{8}", name)
    assert aws_lambda.accounts() == {}


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([closed], ["failure", "ok"]),
        ([http(202, b"<html>")], ["failure", "ok"]),
        ([CREATED, closed], ["failure", "ok"]),
        ([CREATED, as_json(ENDED), closed], ["ok", "failure", "ok"]),
    ],
)
def test_the_api_gives_no_answer(tested, aws_lambda, messages, answers, expected):
    """The account is deleted wherever the API stops to answer."""
    messages.script[:] = answers
    assert verdicts(message.message(tested, messages.url, wanted())) == expected
    assert aws_lambda.accounts() == {}


def test_interrupted(tested, aws_lambda, messages, monkeypatch):
    """The account is also deleted if the doctor is interrupted while it waits for the message."""
    messages.script[:] = [CREATED, as_json(RUNNING)]

    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(message.time, "sleep", interrupted)
    found = list(message.message(tested, messages.url, wanted()))
    assert verdicts(found) == ["failure", "ok"]
    assert "interrupted" in found[0].text
    assert aws_lambda.accounts() == {}


def test_nothing_reads_the_findings_any_more(tested, aws_lambda, messages):
    """The account is also deleted if the output is closed, or the doctor is interrupted while it prints."""
    found = message.message(tested, messages.url, wanted())
    next(found)
    found.close()
    assert aws_lambda.accounts() == {}


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_creation_gives_no_answer(tested, aws_lambda, messages, when):
    """If it is not known whether the account was created, it is looked for, and deleted."""
    setattr(aws_lambda, when, during("create_account", no_answer()))
    found = list(message.message(tested, messages.url, wanted()))
    assert verdicts(found) == ["failure", "ok"]
    assert "ReadTimeoutError" in found[0].text
    assert aws_lambda.accounts() == {}
    assert messages.requests == []


@pytest.mark.parametrize("action", ["disable_account", "delete_account"])
def test_the_account_is_left(tested, aws_lambda, messages, action):
    """An account that could not be deleted is named."""
    aws_lambda.before = during(action, no_answer())
    found = list(message.message(tested, messages.url, wanted()))
    assert verdicts(found) == ["ok", "ok", "warning"]
    (name,) = aws_lambda.accounts().values()
    assert name in found[-1].text


def test_accounts_of_earlier_runs(tested, aws_lambda, messages, world):
    """What a doctor that died has left is named the day after. Accounts of others, and of a twin, are not."""
    now = round(time.time() * 1000)
    for api_key, name, hours in (
        ("left0000", "doctor-0a1b2c3d", 25),
        ("twin0000", "doctor-4e5f6a7b", 1),
        ("customer", "doctor-who", 25),
    ):
        account = {"name": name, "secrets": [], "created_at": now - hours * 3_600_000}
        world.callers.add_account(api_key, account)
    found = list(message.message(tested, messages.url, wanted()))
    assert verdicts(found) == ["ok", "ok", "warning"]
    assert "left0000" in found[-1].text
    assert not {"twin0000", "customer"} & set(re.findall(r"\w+", found[-1].text))
    assert set(aws_lambda.accounts()) == {"left0000", "twin0000", "customer"}
