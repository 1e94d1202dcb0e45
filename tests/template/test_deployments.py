"""How a change reaches the functions: versions, the alias `live`, and the canary that alarms take back."""

import json

import pytest

from failover.observability import NAMESPACE
from tests.template.conftest import translate
from tests.template.evaluation import rings
from tests.template.test_alarms import DEPLOYMENTS, watched
from tests.template.test_template import FUNCTIONS, references
from tests.template.test_thresholds import BUSY, QUIET
from tests.world import ROOT, SEND_FUNCTIONS, logical_id, template

NAMES = [param.id for param in FUNCTIONS]
REVISION = {"Fn::GetAtt": ["StateMachine", "StateMachineRevisionId"]}
PSEUDO = {"AWS::Partition", "AWS::Region", "AWS::NoValue"}
LIVE = {"Fn::Sub": "${StateMachine}:live"}


def of_type(translated, kind):
    return {name: one for name, one in translated["Resources"].items() if one["Type"] == kind}


def version_of(translated, function):
    """(logical id, resource) of the version that a function's alias leads to."""
    alias = translated["Resources"][f"{function}Aliaslive"]["Properties"]
    name, _ = alias["FunctionVersion"]["Fn::GetAtt"]
    return name, translated["Resources"][name]


def test_the_translated_template_is_small_enough():
    """Even with every option, the template has far fewer resources than CloudFormation's 500."""
    assert len(translate(GradualDeployments="true", Sandbox="true")["Resources"]) < 400


def test_everything_invokes_the_alias(translated):
    """The API, queues, stream and schedules invoke the alias, which also has the settings of asynchronous calls."""
    aliases = {f"{name}Aliaslive" for name in NAMES}
    for mapping in of_type(translated, "AWS::Lambda::EventSourceMapping").values():
        assert mapping["Properties"]["FunctionName"]["Ref"] in aliases
    for rule in of_type(translated, "AWS::Events::Rule").values():
        assert {target["Arn"]["Ref"] for target in rule["Properties"]["Targets"]} <= aliases
    for permission in of_type(translated, "AWS::Lambda::Permission").values():
        assert permission["Properties"]["FunctionName"]["Ref"] in aliases
    for config in of_type(translated, "AWS::Lambda::EventInvokeConfig").values():
        assert config["Properties"]["Qualifier"] == "live"
    uris = list(integrations(translated["Resources"]["Api"]["Properties"]["Body"]))
    assert len(uris) > 20
    assert {name for uri in uris for name in references(uri)} - PSEUDO <= aliases


def integrations(node):
    """The URI of each integration in a part of an API."""
    if isinstance(node, dict):
        if "x-amazon-apigateway-integration" in node:
            yield node["x-amazon-apigateway-integration"]["uri"]
        for value in node.values():
            yield from integrations(value)
    elif isinstance(node, list):
        for item in node:
            yield from integrations(item)


def settings():
    """The parameters and resources that make a new revision of the state machine."""
    joined = template()["Resources"]["StateMachine"]["Properties"]["DefinitionSubstitutions"]["Settings"]
    return set(references(joined)) | set(_branches(joined))


def _branches(node):
    """What the branches of conditions refer to, and the conditions' own parameters."""
    conditions = template()["Conditions"]
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "Fn::If":
                yield from references(conditions[value[0]])
            yield from _branches(value)
    elif isinstance(node, list):
        for item in node:
            yield from _branches(item)


NOT_IN_A_VERSION = {
    "ReservedConcurrentExecutions",  # of the whole function
    "Events",
    "Policies",
    "Role",
}
FIXED = {
    "StateMachine",  # its ARN has a name of its own, and so have the log groups
    "AWS::StackName",
    "AWS::NoValue",
}


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_makes_a_version(name):
    """Each parameter and resource in a function's configuration is in the state machine's definition.

    So a change of it gives a new revision, which changes the function and replaces its version: SAM itself sees
    neither the values of parameters nor those of other resources.
    """
    properties = template()["Resources"][name]["Properties"]
    parts = [{key: value for key, value in properties.items() if key not in NOT_IN_A_VERSION}]
    parts.append(
        {key: value for key, value in template()["Globals"]["Function"].items() if key != "DeploymentPreference"}
    )
    used = set(references(parts)) | set(_branches(parts))
    layers = {"FailoverLayer", "DependenciesLayer", "CryptographyLayer"}
    logs = {one for one in used if one.endswith("Logs")}
    assert used - layers - logs - FIXED <= settings()


@pytest.mark.parametrize("name", NAMES)
def test_a_revision_replaces_the_version(translated, name):
    """A version's description, which CloudFormation cannot change in place, and its function have the revision.

    If only the version had it, Lambda would refuse to publish an unchanged function.
    """
    _, version = version_of(translated, name)
    assert version["Properties"]["Description"] == REVISION
    function = translated["Resources"][name]["Properties"]
    assert function["Environment"]["Variables"]["REVISION"] == REVISION
    assert version["DeletionPolicy"] == "Retain", "the version before is needed for the way back"


def test_the_definition_has_the_settings():
    """The state machine's definition names its settings, so its revision changes with them."""
    definition = (ROOT / "statemachine/failover.asl.yaml").read_text()
    assert definition.count("${Settings}") == 1


LAYERS = {
    "FailoverLayer": NAMES,
    "DependenciesLayer": NAMES,
    "CryptographyLayer": ["WorkflowsApi", "Accounts", "SandboxMessages", *map(logical_id, SEND_FUNCTIONS)],
}


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_makes_versions(translated, layer):
    """A changed layer gives its functions new versions, and no others, so code and layers change together."""
    source = template()
    changed = json.loads(json.dumps(source))
    changed["Resources"][layer]["Properties"]["ContentUri"] += "-changed"
    after = translate(changed)
    assert {name for name in NAMES if version_of(after, name)[0] != version_of(translated, name)[0]} == set(
        LAYERS[layer]
    )


@pytest.mark.parametrize(("changed", "value"), [("CodeUri", "functions/other"), ("Timeout", 7), ("MemorySize", 3000)])
def test_a_property_makes_a_version(translated, changed, value):
    """A changed property of a function gives it a new version."""
    source = json.loads(json.dumps(template()))
    source["Resources"]["Reconcile"]["Properties"][changed] = value
    after = translate(source)
    assert version_of(after, "Reconcile")[0] != version_of(translated, "Reconcile")[0]
    assert version_of(after, "Accounts")[0] == version_of(translated, "Accounts")[0]


def test_nothing_changes_nothing(translated):
    """The same template gives the same versions: a deployment without a change shifts nothing."""
    again = translate()
    assert {name: version_of(again, name) for name in NAMES} == {name: version_of(translated, name) for name in NAMES}


def test_the_state_machine_is_started_by_its_alias(translated):
    """Functions start executions by the alias, which they name without waiting for it; it leads to a version."""
    for name in ("WorkflowsApi", "StartWorkflows", "Reconcile", "MessageStatus"):
        assert translated["Resources"][name]["Properties"]["Environment"]["Variables"]["STATE_MACHINE_ARN"] == LIVE
    alias = translated["Resources"]["StateMachineAliaslive"]["Properties"]
    assert alias["Name"] == "live"
    assert alias["DeploymentPreference"]["StateMachineVersionArn"] == {"Ref": "StateMachineVersion"}
    version = translated["Resources"]["StateMachineVersion"]
    assert version["Properties"]["StateMachineRevisionId"] == REVISION
    assert version["UpdateReplacePolicy"] == "Retain", "executions of a version before go on"


def test_all_at_once_by_default(translated):
    """Without GradualDeployments, there is nothing of CodeDeploy, and no alarm waits for a deployment."""
    assert template()["Parameters"]["GradualDeployments"]["Default"] == "false"
    assert not of_type(translated, "AWS::CodeDeploy::DeploymentGroup")
    assert "UpdatePolicy" not in translated["Resources"]["AccountsAliaslive"]
    for name in (*DEPLOYMENTS, "DeploymentRole"):
        assert translated["Resources"][name]["Condition"] == "WithGradualDeployments"


def test_gradually():
    """With GradualDeployments, a change of a function or of the state machine has a tenth of the calls for ten minutes.

    Either alarm takes them back. The trial is longer than the alarms need.
    """
    translated = translate(GradualDeployments="true", Sandbox="true")
    groups = of_type(translated, "AWS::CodeDeploy::DeploymentGroup")
    assert set(groups) == {f"{name}DeploymentGroup" for name in NAMES}
    for name in NAMES:
        properties = groups[f"{name}DeploymentGroup"]["Properties"]
        assert properties["DeploymentConfigName"]["Fn::Sub"][1] == {"ConfigName": "Canary10Percent10Minutes"}
        condition, alarms, _ = properties["AlarmConfiguration"]["Fn::If"]
        assert (condition, alarms["Enabled"]) == ("WithGradualDeployments", True)
        assert {one["Name"]["Ref"] for one in alarms["Alarms"]} == set(DEPLOYMENTS)
        assert "DEPLOYMENT_STOP_ON_ALARM" in properties["AutoRollbackConfiguration"]["Events"]
        assert properties["ServiceRoleArn"]["Fn::If"][1] == {"Fn::GetAtt": ["DeploymentRole", "Arn"]}
        condition = translated["Resources"][name].get("Condition")
        assert groups[f"{name}DeploymentGroup"].get("Condition") == condition
        assert "CodeDeployLambdaAliasUpdate" in translated["Resources"][f"{name}Aliaslive"]["UpdatePolicy"]
    preference = translated["Resources"]["StateMachineAliaslive"]["Properties"]["DeploymentPreference"]
    assert preference["Type"]["Fn::If"] == ["WithGradualDeployments", "CANARY", "ALL_AT_ONCE"]
    assert (preference["Percentage"]["Fn::If"][1], preference["Interval"]["Fn::If"][1]) == (10, 10)
    assert {one["Ref"] for one in preference["Alarms"]["Fn::If"][1]} == set(DEPLOYMENTS)
    for alarm in DEPLOYMENTS.values():
        assert alarm["Properties"]["EvaluationPeriods"] <= 10 // 2


def minute(**more):
    """One minute of 50 workflows a second with the errors of a normal day."""
    return QUIET | {name: number / 5 for name, number in BUSY.items()} | {"SendsPutOff": 6 * 1_000} | more


def deployment(*minutes):
    """The alarms that fire in these minutes."""
    different = {id(one): one for one in minutes}
    return {name for name, alarm in DEPLOYMENTS.items() if rings(alarm, [different[id(one)] for one in minutes])}


NORMAL, HOUR = minute(), 60


def test_a_good_change():
    """No alarm fires on a busy or a quiet stack, nor for a single failure."""
    assert deployment(*[NORMAL] * HOUR) == deployment(*[{}] * HOUR) == set()
    assert deployment({"WorkflowsApi Errors": 1, "Count": 1}, *[{}] * HOUR) == set()
    assert deployment({"SendSms Errors": 9}, *[{}] * HOUR) == set(), "one bad minute"


@pytest.mark.parametrize(
    "failing",
    [
        {"WorkflowsApi Errors": 300},  # a tenth of 50 requests a second
        {"MessageStatus Errors": 1_800},
        {"PublishEvents Errors": 120},
        {"DeliverWebhook Errors": 1_200},
        {"UnexpectedFailures": 300},
    ],
)
def test_a_bad_change_of_a_busy_stack(failing):
    """If a tenth of a function's calls fail, the alarm fires at the third minute."""
    bad = minute(**failing)
    assert deployment(*[NORMAL] * HOUR, bad, bad) == set()
    assert deployment(*[NORMAL] * HOUR, bad, bad, bad) == {"DeploymentFailing"}


@pytest.mark.parametrize("failing", [{"SendSms Errors": 1_400}, {"ExecutionsFailed": 300}])
def test_a_bad_change_of_sends(failing):
    """If a tenth of one channel's sends or of the executions fail, the other alarm fires."""
    bad = minute(**failing)
    assert deployment(*[NORMAL] * HOUR, bad, bad) == set()
    assert deployment(*[NORMAL] * HOUR, bad, bad, bad) == {"DeploymentFailingSends"}


def test_a_bad_change_of_a_quiet_stack():
    """With little traffic, three failures in each of three minutes are enough."""
    assert deployment(*[{"WorkflowsApi Errors": 3, "Count": 30}] * 3) == {"DeploymentFailing"}
    assert deployment(*[{"SendSms Errors": 3, "MessagesAccepted": 30}] * 3) == {"DeploymentFailingSends"}


def test_sends_that_wait():
    """Sends that wait for their turn take no change back."""
    waiting = minute(**{f"{logical_id(name)} Errors": 1_900 for name in SEND_FUNCTIONS}, SendsPutOff=6 * 1_890)
    assert deployment(*[waiting] * HOUR) == set()


def test_what_is_watched():
    """The alarms watch the errors of every function that works without the sandbox, and the state machine's."""
    functions = {
        dimensions["FunctionName"]["Ref"]
        for alarm in DEPLOYMENTS.values()
        for namespace, metric, dimensions in watched(alarm)
        if (namespace, metric) == ("AWS/Lambda", "Errors")
    }
    assert functions == {name for name in NAMES if not name.startswith("Sandbox")}
    assert any(one[:2] == (NAMESPACE, "SendsPutOff") for one in watched(DEPLOYMENTS["DeploymentFailingSends"]))
    periods = {
        one["MetricStat"]["Period"]
        for alarm in DEPLOYMENTS.values()
        for one in alarm["Properties"]["Metrics"]
        if "MetricStat" in one
    }
    assert periods == {60}
