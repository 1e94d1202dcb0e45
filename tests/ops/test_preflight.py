"""`make preflight`: what it says of an account in which a first deployment would succeed, or would not."""

import datetime
import json
import os
import re
import stat
import subprocess

import pytest

from local.capacity.quotas import TABLE_WRITES as NEW_TABLE
from ops import planned as plans
from ops.planned import Planned, longest_stack_name, named, planned
from ops.preflight import account, machine, main, names, permissions, preflight, quotas, settings
from ops.preflight.account import Caller
from tests.world import REGION, ROOT, template

STACK = "workflows-prod"
CALLER = Caller("123456789012", "arn:aws:sts::123456789012:assumed-role/Deployer/me")
CERTIFICATE = f"arn:aws:acm:{REGION}:123456789012:certificate/1"


def plan(stack=STACK, region=None, **parameters):
    return Planned("prod", stack, region, parameters)


def verdicts(found):
    return [one.verdict for one in found]


# ---------------------------------------------------------------- samconfig.toml and names


def test_planned(tmp_path):
    """An environment of samconfig.toml gives name, Region and parameters; the template gives the others."""
    file = tmp_path / "samconfig.toml"
    file.write_text(
        "version = 0.1\n[x.global.parameters]\nstack_name = 'mine'\n[x.deploy.parameters]\nregion = 'eu-north-1'\n"
        'parameter_overrides = \'LogLevel=DEBUG AlarmTopicArn="" SmsPerSecond="1"\'\n'
    )
    found = planned("x", file=file)
    assert (found.stack, found.region) == ("mine", "eu-north-1")
    assert found.given == {"LogLevel": "DEBUG", "AlarmTopicArn": "", "SmsPerSecond": "1"}
    assert found.number("SmsPerSecond") == 1
    assert found.parameters["MessagesVersion"] == "v1"
    assert planned("x", "other", file).stack == "other"
    with pytest.raises(plans.NotPlanned, match="x"):
        planned("y", file=file)


def test_overrides_as_a_list():
    """A list of parameters reads like the text."""
    assert plans.overrides(["A=1", "B=x=y"]) == plans.overrides("A=1 B=x=y") == {"A": "1", "B": "x=y"}


def test_unknown_environment(capsys):
    """An environment that samconfig.toml does not have is refused, with those it has."""
    assert main(["--config", "staging"]) == 2
    assert "prod" in capsys.readouterr().err


def test_longest_stack_name():
    """The limit follows from the longest name that the template derives, and every derived name is known."""
    most, _ = longest_stack_name()
    assert most == 47
    functions = {one.logical_id for one in named() if one.type == "AWS::Serverless::Function"}
    assert functions == {
        name for name, one in template()["Resources"].items() if one["Type"] == "AWS::Serverless::Function"
    }
    assert max(len(one.name("s" * most)) - one.longest for one in named()) == 0


@pytest.mark.parametrize(
    ("stack", "verdict"),
    [(STACK, "ok"), ("s" * 47, "ok"), ("s" * 48, "failure"), ("1workflows", "failure"), ("work_flows", "failure")],
)
def test_stack_name(stack, verdict):
    """A name that CloudFormation refuses, or that makes a function's name too long, is a failure."""
    assert verdicts(names.stack_name(plan(stack))) == [verdict]


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (None, "ok"),
        ("CREATE_COMPLETE", "ok"),
        ("UPDATE_ROLLBACK_COMPLETE", "ok"),
        ("IMPORT_COMPLETE", "ok"),
        ("REVIEW_IN_PROGRESS", "ok"),
        ("UPDATE_IN_PROGRESS", "failure"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "failure"),
        ("ROLLBACK_COMPLETE", "failure"),
        ("ROLLBACK_FAILED", "failure"),
        ("DELETE_FAILED", "failure"),
        ("UPDATE_ROLLBACK_FAILED", "failure"),
    ],
)
def test_state(stub, status, verdict):
    """A stack that `sam deploy` can neither create nor update is a failure."""
    cloudformation = stub("cloudformation")
    if status is None:
        cloudformation.add_client_error("describe_stacks", "ValidationError", f"Stack with id {STACK} does not exist")
    else:
        cloudformation.add_response("describe_stacks", {"Stacks": [stack_in(status)]}, {"StackName": STACK})
    assert verdicts(names.state(plan(), REGION)) == [verdict]


def stack_in(status):
    return {
        "StackName": STACK,
        "StackStatus": status,
        "CreationTime": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
    }


def no_stack(stub):
    stub("cloudformation").add_client_error("describe_stacks", "ValidationError", "Stack with id x does not exist")


def left_behind(stub, secrets=(), groups=()):
    no_stack(stub)
    asked = {"IncludePlannedDeletion": True, "Filters": [{"Key": "name", "Values": [f"{STACK}/"]}]}
    stub("secretsmanager").add_response("list_secrets", {"SecretList": list(secrets)}, asked)
    logs = stub("logs")
    for prefix in ("apigateway", "lambda", "vendedlogs/states"):
        found = [name for name in groups if name.startswith(f"/aws/{prefix}/")]
        logs.add_response("describe_log_groups", {"logGroups": [{"logGroupName": name} for name in found]})
    return list(names.leftovers(plan(), REGION))


def test_nothing_left(stub):
    """Without leftovers there is one line."""
    assert verdicts(left_behind(stub)) == ["ok"]


def test_leftovers(stub):
    """A secret, even one that is being deleted, and a log group of an earlier stack block a create; each is named."""
    deleted = {"Name": f"{STACK}/messages", "DeletedDate": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)}
    kept, other = {"Name": f"{STACK}/webhooks"}, {"Name": f"{STACK}/of-something-else"}
    group = f"/aws/lambda/{STACK}-send-sms"
    found = left_behind(stub, [deleted, kept, other], [group, f"{group}-mine"])
    assert verdicts(found) == ["failure", "failure", "failure", "warning"]
    assert "force-delete-without-recovery" in found[0].text
    assert f"{STACK}/webhooks" in found[1].text
    assert found[2].text.endswith(f"--log-group-name {group}")


def test_no_leftovers_of_a_stack_that_exists(stub):
    """The secrets and log groups of a stack that exists are its own."""
    stub("cloudformation").add_response("describe_stacks", {"Stacks": [stack_in("CREATE_COMPLETE")]})
    assert list(names.leftovers(plan(), REGION)) == []


# ---------------------------------------------------------------- parameters


ALL = {name: str(one["Default"]) for name, one in template()["Parameters"].items()}


def test_parameters():
    """What differs from the template's defaults is said, because a default that changes would be missed."""
    (finding,) = settings.settings(plan(**ALL | {"AlarmTopicArn": "arn", "LogLevel": "DEBUG"}))
    assert finding.text == "not the template's defaults: LogLevel=DEBUG, AlarmTopicArn=arn"


def test_unknown_parameter():
    """A parameter that the template does not have is a failure."""
    assert verdicts(settings.settings(plan(**ALL, Sandboxx="true"))) == ["failure", "warning"]


def test_missing_parameter():
    """A parameter that is not named keeps its value, so it is a warning; an environment may name none."""
    given = {name: value for name, value in ALL.items() if name != "LogLevel"}
    first, *_ = settings.settings(plan(**given))
    assert (first.verdict, "LogLevel" in first.text) == ("warning", True)
    assert verdicts(settings.settings(plan())) == ["ok", "warning"]


def test_alarms_without_topic():
    """Alarms that notify no one are a warning."""
    assert verdicts(settings.settings(plan(**ALL))) == ["ok", "warning"]


def test_prod_names_every_parameter():
    """`sam deploy` keeps the previous value of a parameter that is not named, so prod names them all."""
    assert set(planned("prod").given) == set(template()["Parameters"])


def test_prod_as_the_sam_cli_reads_it():
    """The SAM CLI reads the same names and values: it would end the text at a line's end."""
    program = (
        "import json, sys, tomllib; from samcli.cli.types import CfnParameterOverridesType as Type;"
        "text = tomllib.load(open('samconfig.toml', 'rb'))['prod']['deploy']['parameters']['parameter_overrides'];"
        "print(json.dumps(Type().convert((text,), None, None)))"
    )
    done = subprocess.run(
        [ROOT / ".venv-sam/bin/python", "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == planned("prod").given


def test_the_values_of_prod():
    """Each value of prod is one that the template allows."""
    for name, value in planned("prod").given.items():
        parameter = template()["Parameters"][name]
        assert value in [str(one) for one in parameter.get("AllowedValues", [value])], name
        assert re.fullmatch(parameter.get("AllowedPattern", ".*"), value), name
        if parameter["Type"] == "Number":
            assert parameter.get("MinValue", 0) <= int(value) <= parameter.get("MaxValue", 10**9), name


@pytest.mark.parametrize(
    ("status", "names", "verdict"),
    [
        ("ISSUED", ["workflows.example.com"], "ok"),
        ("ISSUED", ["*.example.com"], "ok"),
        ("ISSUED", ["example.com"], "failure"),
        ("PENDING_VALIDATION", ["workflows.example.com"], "failure"),
    ],
)
def test_certificate(stub, status, names, verdict):
    """The domain's certificate must be issued, and for this domain."""
    found = {"Status": status, "DomainName": names[0], "SubjectAlternativeNames": names}
    stub("acm").add_response("describe_certificate", {"Certificate": found}, {"CertificateArn": CERTIFICATE})
    asked = plan(DomainName="workflows.example.com", CertificateArn=CERTIFICATE)
    assert verdicts(settings.certificate(asked, REGION)) == [verdict]


def test_certificate_elsewhere():
    """A certificate of another Region cannot be used."""
    asked = plan(DomainName="a.example.com", CertificateArn=CERTIFICATE.replace(REGION, "us-east-1"))
    assert verdicts(settings.certificate(asked, REGION)) == ["failure"]
    assert list(settings.certificate(plan(), REGION)) == []


@pytest.mark.parametrize(("answer", "verdict"), [({"cloudwatchRoleArn": "arn:role"}, "ok"), ({}, "failure")])
def test_access_log(stub, answer, verdict):
    """With an access log, API Gateway needs a role in the account: without it the first deployment would fail."""
    stub("apigateway").add_response("get_account", answer, {})
    assert verdicts(settings.access_log(plan(AccessLogs="true"), REGION)) == [verdict]
    assert verdicts(settings.access_log(plan(AccessLogs="false"), REGION)) == []


# ---------------------------------------------------------------- Region and credentials


@pytest.mark.parametrize(
    ("default", "other", "verdict", "found"),
    [
        ("eu-west-1", None, "ok", "eu-west-1"),
        ("eu-west-1", "eu-west-1", "ok", "eu-west-1"),
        (None, None, "failure", None),
        (None, "eu-west-1", "failure", None),
        ("eu-west-1", "us-east-1", "failure", None),
        ("eu-west-9", None, "warning", "eu-west-9"),
    ],
)
def test_region(monkeypatch, tmp_path, default, other, verdict, found):
    """The Region must be known, and the same for the SAM CLI, which does not read AWS_REGION, and the AWS CLI."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    for name, value in {"AWS_DEFAULT_REGION": default, "AWS_REGION": other}.items():
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name, raising=False)
    region, (finding,) = account.region(plan(), os.environ)
    assert (finding.verdict, region) == (verdict, found)


def test_the_region_of_samconfig(monkeypatch):
    """A Region in samconfig.toml takes precedence, as for the SAM CLI."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert account.region(plan(region=REGION), {})[0] == REGION


def test_credentials(stub):
    """Credentials that AWS accepts are named by account and role; others are a failure, and nothing else is asked."""
    stub("sts").add_response("get_caller_identity", {"Account": CALLER.account, "Arn": CALLER.arn})
    caller, (finding,) = account.caller(REGION, {})
    assert (caller, finding.verdict) == (CALLER, "ok")
    stub("sts").add_client_error("get_caller_identity", "ExpiredToken")
    caller, (finding,) = account.caller(REGION, {})
    assert (caller, finding.verdict) == (None, "failure")
    assert "ExpiredToken" in finding.text


def test_without_region_or_credentials(stub, monkeypatch):
    """Without a Region or credentials nothing of the account is asked; what needs neither is checked."""
    stub("sts").add_client_error("get_caller_identity", "InvalidClientTokenId")
    found = list(preflight(plan(), {"PATH": os.environ["PATH"]}))
    assert (found[-1].subject, found[-1].verdict) == ("credentials", "failure")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    found = list(preflight(plan(), {"PATH": os.environ["PATH"]}))
    assert (found[-1].subject, found[-1].verdict) == ("Region", "failure")
    assert {"Python", "architecture", "stack name", "parameters"} <= {one.subject for one in found}


# ---------------------------------------------------------------- this machine


@pytest.mark.parametrize(
    ("printed", "verdict"),
    [
        ("SAM CLI, version 1.170.0\n", "ok"),
        ("SAM CLI, version 2.3.0\n", "ok"),
        ("SAM CLI, version 1.99.0\n", "warning"),
        ("", "failure"),
    ],
)
def test_sam_version(printed, verdict):
    """A SAM CLI older than the tests' is a warning; versions are compared as numbers."""
    assert machine.sam_version(printed).verdict == verdict


def test_no_sam(tmp_path):
    """Without a SAM CLI on PATH there is still the tests' own, which does not count as installed."""
    assert machine.sam(f"{ROOT}/.venv-sam/bin:{tmp_path}").text.endswith("write .venv-sam/bin/sam instead")
    (tmp_path / "sam").write_text("#!/bin/sh\necho SAM CLI, version 1.170.0\n")
    (tmp_path / "sam").chmod(stat.S_IRWXU)
    assert machine.sam(str(tmp_path)).verdict == "ok"


def test_python(tmp_path, monkeypatch):
    """The layers need a Python 3.13 with pip."""
    assert machine.python(os.environ["PATH"]).verdict == "ok"
    monkeypatch.setattr(machine, "ROOT", tmp_path)
    (tmp_path / "local").mkdir()
    (tmp_path / "local/find-python").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "local/find-python").chmod(stat.S_IRWXU)
    assert machine.python("").verdict == "failure"


@pytest.mark.parametrize(
    ("built", "deployed", "verdict"),
    [(None, "arm64", "ok"), ("x86_64", "x86_64", "ok"), ("x86_64", "arm64", "failure"), (None, "x86_64", "failure")],
)
def test_architecture(built, deployed, verdict):
    """Layers for another processor than the functions' would fail at every import."""
    environment = {"ARCHITECTURE": built} if built else {}
    assert machine.architecture(plan(Architecture=deployed), environment).verdict == verdict


# ---------------------------------------------------------------- quotas


def lambda_limits(stub, most, unreserved=None):
    limits = {
        "ConcurrentExecutions": most,
        "UnreservedConcurrentExecutions": most if unreserved is None else unreserved,
    }
    stub("lambda").add_response("get_account_settings", {"AccountLimit": limits})


@pytest.mark.parametrize(
    ("most", "unreserved", "parameters", "expected"),
    [
        (1000, None, {}, ["ok", "ok", "ok"]),
        (10, None, {}, ["warning", "warning", "ok"]),
        (10, None, {"WebhookConcurrency": "2"}, ["warning", "ok", "ok"]),
        (
            1000,
            None,
            {"SendConcurrency": "60", "ApiConcurrency": "150", "CallbackConcurrency": "150"},
            ["ok", "ok", "ok"],
        ),
        (1000, None, {"SendConcurrency": "100", "ApiConcurrency": "300"}, ["ok", "ok", "ok"]),
        (1000, None, {"SendConcurrency": "100", "ApiConcurrency": "301"}, ["ok", "ok", "failure"]),
        (1000, 400, {"ApiConcurrency": "301"}, ["ok", "ok", "failure"]),
        (10, None, {"ApiConcurrency": "1"}, ["warning", "warning", "failure"]),
    ],
)
def test_concurrency(stub, most, unreserved, parameters, expected):
    """A small limit is a warning; a reservation that leaves fewer than 100 fails the deployment."""
    lambda_limits(stub, most, unreserved)
    no_stack(stub)
    assert verdicts(quotas.concurrency(plan(**parameters), REGION)) == expected


def test_settings_of_a_new_account(stub):
    """With ten executions the advice is what docs/operations.md says: WebhookConcurrency=2."""
    assert "set WebhookConcurrency=2" in quotas.of_webhooks(200, 10).text


def service_quotas(stub, **changed):
    """The defaults of a large Region, changed by what the account has been given: by name of `quotas.QUOTAS`."""
    defaults = {"starts": 300, "transitions": 5000, "signals": 500, "requests": 10000, "table": 40000}
    api = stub("service-quotas")
    known = {**quotas.QUOTAS, "table": quotas.TABLE_WRITES}
    for service in ("states", "apigateway", "dynamodb"):
        for values in (defaults, changed):
            rows = [
                {"QuotaName": name, "Value": float(values[field])}
                for field, (of, name) in known.items()
                if of == service and field in values
            ]
            expected = {"ServiceCode": service}
            operation = "list_aws_default_service_quotas" if values is defaults else "list_service_quotas"
            api.add_response(operation, {"Quotas": rows}, expected)


@pytest.mark.parametrize(
    ("changed", "warned"),
    [
        ({}, []),
        ({"transitions": 800}, ["StateTransition"]),
        ({"starts": 100}, ["StartExecution"]),
        ({"requests": 200, "starts": 1}, ["StartExecution", "API requests"]),
    ],
)
def test_rates(stub, changed, warned):
    """A quota below what 50 workflows a second need is a warning that says how many it is enough for."""
    service_quotas(stub, **changed)
    found = list(quotas.rates(plan(), REGION))
    assert [one.subject for one in found if one.verdict == "warning"] == warned
    assert all("request more of the quota" in one.text for one in found if one.verdict == "warning")


def test_a_quota_that_is_not_listed(stub):
    """Where Service Quotas does not list a quota, AWS's default for the Region is compared, and the line says so."""
    for service in ("states", "apigateway", "dynamodb"):
        stub("service-quotas").add_response("list_aws_default_service_quotas", {"Quotas": []}, {"ServiceCode": service})
        stub("service-quotas").add_response("list_service_quotas", {"Quotas": []}, {"ServiceCode": service})
    found = list(quotas.rates(plan(), REGION))
    assert len(found) == len(quotas.QUOTAS)
    assert all("AWS's default" in one.text for one in found)


def test_table_writes(stub):
    """A table prepared for more than the quota of a table fails the deployment."""
    service_quotas(stub, table=NEW_TABLE)
    assert verdicts(quotas.rates(plan(TableWritesPerSecond="8000"), REGION))[-1] == "failure"


# ---------------------------------------------------------------- permissions

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["lambda:CreateFunction", "lambda:PublishLayerVersion"],
            "Resource": [
                "arn:${Partition}:lambda:${Region}:${Account}:function:${Stack}-*",
                "arn:${Partition}:lambda:${Region}:${Account}:layer:${Stack}-*",
            ],
        },
        {
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": "*",
            "Condition": {"StringEquals": {"iam:PassedToService": ["lambda.amazonaws.com", "states.amazonaws.com"]}},
        },
    ],
}


@pytest.fixture
def policy(tmp_path):
    file = tmp_path / "deployer.json"
    file.write_text(json.dumps(POLICY))
    return file


def result(action, decision, *resources):
    """As IAM answers: with several resources, one decision for each."""
    specific = [{"EvalResourceName": f"r{n}", "EvalResourceDecision": one} for n, one in enumerate(resources)]
    return {"EvalActionName": action, "EvalDecision": decision, "ResourceSpecificResults": specific}


def simulate(stub, create="allowed", publish=("implicitDeny", "allowed"), passed="allowed"):
    iam, role = stub("iam"), "arn:aws:iam::123456789012:role/ops/Deployer"
    iam.add_response(
        "get_role",
        {
            "Role": {
                "Path": "/ops/",
                "RoleName": "Deployer",
                "RoleId": "A" * 16,
                "Arn": role,
                "CreateDate": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
            }
        },
        {"RoleName": "Deployer"},
    )
    prefix = f"arn:aws:lambda:{REGION}:123456789012"
    iam.add_response(
        "simulate_principal_policy",
        {
            "EvaluationResults": [
                result("lambda:CreateFunction", create),
                result("lambda:PublishLayerVersion", publish[0], *publish),
            ]
        },
        {
            "PolicySourceArn": role,
            "ActionNames": ["lambda:CreateFunction", "lambda:PublishLayerVersion"],
            "ResourceArns": [f"{prefix}:function:{STACK}-example", f"{prefix}:layer:{STACK}-example"],
            "ContextEntries": [],
        },
    )
    iam.add_response(
        "simulate_principal_policy",
        {"EvaluationResults": [result("iam:PassRole", passed)]},
        {
            "PolicySourceArn": role,
            "ActionNames": ["iam:PassRole"],
            "ResourceArns": ["*"],
            "ContextEntries": [
                {
                    "ContextKeyName": "iam:PassedToService",
                    "ContextKeyValues": ["lambda.amazonaws.com", "states.amazonaws.com"],
                    "ContextKeyType": "stringList",
                }
            ],
        },
    )


def test_permissions(stub, policy):
    """The role behind the session is asked, for this stack's resources; one fitting resource is enough."""
    simulate(stub)
    (finding,) = permissions.permissions(plan(), REGION, CALLER, policy)
    assert (finding.verdict, finding.text) == ("ok", "all 3 actions of a deployment are allowed")


def test_a_missing_permission(stub, policy):
    """What is not allowed is named."""
    simulate(stub, create="explicitDeny", publish=("implicitDeny", "implicitDeny"))
    (finding,) = permissions.permissions(plan(), REGION, CALLER, policy)
    assert finding.verdict == "failure"
    assert "lambda:CreateFunction, lambda:PublishLayerVersion" in finding.text


def test_the_real_policy():
    """The policy of a deployer fills in for a stack, and names each action, so that all of it is checked."""
    values = {"Partition": "aws", "Region": REGION, "Account": "123456789012", "Stack": STACK}
    statements = permissions.filled_in(json.loads(permissions.POLICY.read_text()), values)
    assert statements
    assert "${" not in json.dumps(statements)
    assert not any("*" in action for one in statements for action in permissions._several(one["Action"]))


def test_no_policy(tmp_path, monkeypatch):
    """Without the policy's file nothing is claimed."""
    monkeypatch.setattr(permissions, "ROOT", tmp_path)
    (finding,) = permissions.permissions(plan(), REGION, CALLER, tmp_path / "none.json")
    assert finding.verdict == "warning"
    assert finding.text.startswith("could not check")


def test_the_root_user(policy):
    """The root user is no deployer."""
    (finding,) = permissions.permissions(plan(), REGION, Caller("1", "arn:aws:iam::1:root"), policy)
    assert finding.verdict == "warning"
