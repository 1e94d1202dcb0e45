"""template.yaml, as written and as SAM translates it."""

import json
import re
import tomllib

import pytest
import yaml

from failover import problems
from failover.edges import http_edge
from tests.world import ROOT, SEND_FUNCTIONS, load, logical_id, template


def references(node):
    """The logical ids in a part of a template."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "Ref":
                yield value
            elif key == "Fn::GetAtt":
                yield value[0] if isinstance(value, list) else value.split(".")[0]
            elif key == "Fn::Sub":
                text, extra = (value, {}) if isinstance(value, str) else value
                yield from (name.split(".")[0] for name in re.findall(r"\$\{([^!}]+)\}", text))
                yield from references(extra)
            elif key == "DependsOn":
                yield from [value] if isinstance(value, str) else value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for item in node:
            yield from references(item)


def cycle(graph):
    """One cycle of a graph, or None."""
    done, path = set(), []

    def visit(node):
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done or node not in graph:
            return None
        path.append(node)
        for neighbour in sorted(graph[node]):
            if found := visit(neighbour):
                return found
        path.pop()
        done.add(node)
        return None

    return next((found for node in sorted(graph) if (found := visit(node))), None)


def merges(node):
    """(merged keys, keys beside the merge) of each YAML mapping that has a merge (`<<`)."""
    if isinstance(node, yaml.MappingNode):
        pairs = [(key.value, value) for key, value in node.value]
        own = {key for key, _ in pairs if key != "<<"}
        yield from (({key.value for key, _ in value.value}, own) for key, value in pairs if key == "<<")
        for _, value in pairs:
            yield from merges(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from merges(item)


def test_a_merge_overrides_nothing():
    """No merged key is written again beside the merge: checkov could not parse the template, and would still exit 0."""
    found = list(merges(yaml.compose((ROOT / "template.yaml").read_text())))
    assert found
    assert not any(merged & own for merged, own in found)


def test_metadata_is_plain():
    """Metadata, the source of the merges, has no intrinsic function: CloudFormation evaluates none there."""
    assert not list(references(template()["Metadata"]))


def test_no_dependency_cycle(translated):
    """The resources have no dependency cycle; cfn-lint misses those that SAM creates."""
    graph = {name: set(references(resource)) for name, resource in translated["Resources"].items()}
    assert len(graph) > 40
    assert cycle(graph) is None


def test_a_cycle_would_be_found():
    """The search for cycles finds one."""
    assert cycle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": set()}) == ["a", "b", "c", "a"]


def _functions():
    for name, resource in template()["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            yield pytest.param(name, resource["Properties"], id=name)


FUNCTIONS = list(_functions())


@pytest.mark.parametrize(("name", "properties"), FUNCTIONS)
def test_every_handler_loads(world, name, properties):
    """Each function's handler exists and is callable."""
    module, _, handler = properties.get("Handler", template()["Globals"]["Function"]["Handler"]).partition(".")
    folder = properties["CodeUri"].removeprefix("functions/")
    assert (ROOT / "functions" / folder).is_dir()
    assert callable(getattr(load(folder, module), handler))


@pytest.mark.parametrize(("name", "properties"), FUNCTIONS)
def test_every_function_has_its_log_group_and_role(translated, name, properties):
    """Each function has its own role, and its own log group with a retention; the sandbox's two functions share one."""
    group = properties["LoggingConfig"]["LogGroup"]["Ref"]
    logs = template()["Resources"][group]["Properties"]
    assert "RetentionInDays" in logs
    shared = re.sub("-sandbox-(messages|receipts)$", "-sandbox", properties["FunctionName"]["Fn::Sub"])
    assert logs["LogGroupName"]["Fn::Sub"] == f"/aws/lambda/{shared}", "this is another function's log group"
    assert template()["Globals"]["Function"]["LoggingConfig"]["LogFormat"] == "JSON"
    assert translated["Resources"][name]["Properties"]["Role"] == {"Fn::GetAtt": [f"{name}Role", "Arn"]}


@pytest.mark.parametrize(("name", "properties"), FUNCTIONS)
def test_functions_are_named_after_their_folders(name, properties):
    """`functions/send_viber` is deployed as `<stack>-send-viber`, as the state machine expects."""
    folder = properties["CodeUri"].removeprefix("functions/")
    deployed = properties["FunctionName"]["Fn::Sub"].removeprefix("${AWS::StackName}-")
    assert deployed in (folder.replace("_", "-"), "sandbox-receipts")
    service = properties["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
    assert service == deployed.replace("-", "_"), "its logs and metrics have its own name"


def test_every_parameter_is_described():
    """Each parameter has a description, and none is a secret."""
    for name, parameter in template()["Parameters"].items():
        assert parameter["Description"].endswith((".", ")")), name
        assert "secret" not in name.lower()


def test_every_function_knows_its_table(translated):
    """F48: each function gets the ARN of the table's stream, by which it tells a restored table from the one before."""
    functions = [one for one in translated["Resources"].values() if one["Type"] == "AWS::Lambda::Function"]
    assert functions
    for function in functions:
        variables = function["Properties"]["Environment"]["Variables"]
        assert variables["TABLE_STREAM_ARN"] == {"Fn::GetAtt": ["Table", "StreamArn"]}


def test_the_state_machine_logs_no_data():
    """I8: the state machine logs no input and no output, and only executions that failed."""
    logging = template()["Resources"]["StateMachine"]["Properties"]["Logging"]
    assert logging["IncludeExecutionData"] is False
    assert logging["Level"] == "FATAL"


def test_the_tables_promises():
    """The table is on demand, with point-in-time recovery, encryption, TTL, a stream and its indexes."""
    table = template()["Resources"]["Table"]["Properties"]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert table["SSESpecification"]["SSEEnabled"] is True
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    indexes = [index["IndexName"] for index in table["GlobalSecondaryIndexes"]]
    assert indexes == ["due", "listed", "referred", "failed"]


def test_what_outlives_the_stack():
    """The table and all four secrets stay together when the stack is deleted, and the first deployment can fail.

    Its rollback must leave the table, which is protected, and delete the secrets, which have fixed names.
    """
    resources = template()["Resources"]
    secrets = {name: one for name, one in resources.items() if one["Type"] == "AWS::SecretsManager::Secret"}
    assert len(secrets) == 4
    assert {one["DeletionPolicy"] for one in secrets.values()} == {"RetainExceptOnCreate"}
    assert resources["Table"]["DeletionPolicy"] == "Retain"
    assert {one["UpdateReplacePolicy"] for one in (*secrets.values(), resources["Table"])} == {"Retain"}
    assert resources["Table"]["Properties"]["DeletionProtectionEnabled"] == {"Fn::If": ["WithSandbox", False, True]}


def needs(graph, name):
    """Everything that a resource needs, directly or not."""
    found, left = set(), [name]
    while left:
        for one in graph.get(left.pop(), ()):
            if one not in found:
                found.add(one)
                left.append(one)
    return found


def test_the_state_machine_is_made_long_after_its_role(translated):
    """IAM takes a while to make a role known everywhere, and Step Functions checks it at once.

    CloudFormation makes the role without waiting for the queues, and the state machine after them.
    """
    graph = {name: set(references(resource)) for name, resource in translated["Resources"].items()}
    queues = {"Webhooks", "WebhookDeadLetters"}
    assert queues <= needs(graph, "StateMachine")
    assert not queues & needs(graph, "StateMachineRole")


@pytest.mark.parametrize("name", ["StartWorkflows", "Reconcile"])
def test_a_scheduled_run_is_not_repeated(name):
    """A run that failed is not repeated: the schedule makes the next one a minute later."""
    config = template()["Resources"][name]["Properties"]["EventInvokeConfig"]
    assert config == {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}


def test_a_web_acl_only_where_one_is_named(translated):
    """Without WebAclArn there is no association; with it, it belongs to this API's stage and is created after it."""
    assert template()["Parameters"]["WebAclArn"]["Default"] == ""
    association = translated["Resources"]["WebAcl"]
    assert association["Condition"] == "WithWebAcl"
    assert translated["Conditions"]["WithWebAcl"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "WebAclArn"}, ""]}]}
    assert association["Properties"]["ResourceArn"]["Fn::Sub"].endswith("/restapis/${Api}/stages/${ApibetaStage}")
    stage = translated["Resources"]["ApibetaStage"]
    assert stage["Type"] == "AWS::ApiGateway::Stage"


def web_acl():
    """The stack's own web ACL, and its one rule."""
    properties = template()["Resources"]["AddressLimit"]["Properties"]
    (rule,) = properties["Rules"]
    return properties, rule


def test_a_limit_by_address_only_where_one_is_set(translated):
    """Without RequestsPerAddress there is no web ACL; with it, this one is in front of the API, and no other can be."""
    parameter = template()["Parameters"]["RequestsPerAddress"]
    assert parameter["Default"] == "0"
    allowed = re.compile(parameter["AllowedPattern"])
    assert all(allowed.fullmatch(value) for value in ("0", "10", "2000"))
    assert not any(allowed.fullmatch(value) for value in ("", "9", "010", "x", "1.5", "1" * 10))
    assert translated["Conditions"]["WithAddressLimit"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "RequestsPerAddress"}, "0"]}]
    }
    own, named = (translated["Resources"][name] for name in ("LimitedAddresses", "WebAcl"))
    assert own["Condition"] == translated["Resources"]["AddressLimit"]["Condition"] == "WithAddressLimit"
    assert own["Properties"]["ResourceArn"] == named["Properties"]["ResourceArn"]
    assert own["Properties"]["WebACLArn"] == {"Fn::GetAtt": ["AddressLimit", "Arn"]}
    (assertion,) = translated["Rules"]["OneWebAcl"]["Assertions"]
    assert translated["Rules"]["OneWebAcl"]["RuleCondition"] == translated["Conditions"]["WithWebAcl"]
    assert assertion["Assert"] == {"Fn::Equals": [{"Ref": "RequestsPerAddress"}, "0"]}


def test_what_the_limit_by_address_counts():
    """It counts each address by itself, over five minutes, and blocks nothing else; samples keep no header."""
    properties, rule = web_acl()
    counted = rule["Statement"]["RateBasedStatement"]
    assert (counted["AggregateKeyType"], counted["EvaluationWindowSec"]) == ("IP", 300)
    assert counted["Limit"] == {"Ref": "RequestsPerAddress"}
    assert (properties["Scope"], properties["DefaultAction"]) == ("REGIONAL", {"Allow": {}})
    assert not any(one["VisibilityConfig"]["SampledRequestsEnabled"] for one in (properties, rule))


def test_callbacks_are_not_limited_by_address():
    """Callbacks are not counted at any of the API's base paths, and no other path is left out."""
    _, rule = web_acl()
    (pattern,) = (
        statement["RegexMatchStatement"]["RegexString"]
        for statement in rule["Statement"]["RateBasedStatement"]["ScopeDownStatement"]["NotStatement"].values()
    )
    (path,) = {
        event["Properties"]["Path"]
        for event in template()["Resources"]["MessageStatus"]["Properties"]["Events"].values()
    }
    assert all(re.search(pattern, base + path) for base in ("", "/beta", "/v0.1"))
    others = (f"/beta/x{path}", f"/beta{path}/", f"/beta/{path}", f"/beta{path}/x", f"/v0x1{path}", f"/beta/v0.1{path}")
    assert not any(re.search(pattern, one) for one in others)


def test_the_answer_over_the_limit_by_address():
    """WAF answers as API Gateway does to too many requests, without an id; an address that waits so long is let in."""
    properties, rule = web_acl()
    answer = rule["Action"]["Block"]["CustomResponse"]
    problem = problems.GATEWAY_RESPONSES["THROTTLED"]
    body = problem.body("")
    del body["instance"]
    (content,) = properties["CustomResponseBodies"].values()
    assert list(properties["CustomResponseBodies"]) == [answer["CustomResponseBodyKey"]]
    assert (answer["ResponseCode"], content["ContentType"]) == (problem.kind.status, "APPLICATION_JSON")
    assert json.loads(content["Content"]) == body
    headers = {header["Name"]: header["Value"] for header in answer["ResponseHeaders"]}
    window = rule["Statement"]["RateBasedStatement"]["EvaluationWindowSec"]
    assert headers == {"Retry-After": str(window), **http_edge.ON_EVERY_ANSWER, **http_edge.ON_EVERY_PROBLEM}


def test_every_verb_of_the_callbacks():
    """The function gets every HTTP method of the callback path: API Gateway would say that the path does not exist."""
    events = template()["Resources"]["MessageStatus"]["Properties"]["Events"].values()
    others = template()["Resources"]["WorkflowsApi"]["Properties"]["Events"].values()
    assert {event["Properties"]["Path"] for event in events} == {"/webhooks/message-status"}
    assert {event["Properties"]["Method"] for event in events} == {one["Properties"]["Method"] for one in others}


def test_throttling(translated):
    """Each method has the stack's rate and burst, except callbacks, which outnumber requests and have their own."""
    for_all, for_callbacks = translated["Resources"]["ApibetaStage"]["Properties"]["MethodSettings"]
    assert (for_all["ResourcePath"], for_all["HttpMethod"]) == ("/*", "*")
    assert for_all["ThrottlingRateLimit"] == {"Ref": "ThrottlingRate"}
    assert for_all["ThrottlingBurstLimit"] == {"Ref": "ThrottlingBurst"}
    assert (for_callbacks["ResourcePath"], for_callbacks["HttpMethod"]) == ("/~1webhooks~1message-status", "POST")
    assert for_callbacks["ThrottlingRateLimit"] == {"Ref": "CallbackThrottlingRate"}
    assert for_callbacks["ThrottlingBurstLimit"] == {"Ref": "CallbackThrottlingBurst"}


RESERVED = {"WorkflowsApi": "Api", "MessageStatus": "Callback"} | {logical_id(name): "Send" for name in SEND_FUNCTIONS}
"""Function → the start of the name of its parameter."""


@pytest.mark.parametrize(("name", "properties"), FUNCTIONS)
def test_reserved_concurrency(translated, name, properties):
    """The API, callbacks and each channel can have concurrency of their own; by default no function has any."""
    reserved = translated["Resources"][name]["Properties"].get("ReservedConcurrentExecutions")
    assert reserved == properties.get("ReservedConcurrentExecutions")
    if name not in RESERVED:
        assert reserved is None
        return
    parameter = f"{RESERVED[name]}Concurrency"
    assert reserved == {"Fn::If": [f"With{parameter}", {"Ref": parameter}, {"Ref": "AWS::NoValue"}]}
    assert template()["Parameters"][parameter]["Default"] == 0, "a new account cannot reserve any"
    assert template()["Conditions"][f"With{parameter}"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, 0]}]}


def test_consumers_keep_up(translated):
    """The stream's consumer takes several batches of a shard at once; webhooks have the concurrency asked for."""
    mappings = [one["Properties"] for one in translated["Resources"].values() if one["Type"].endswith("SourceMapping")]
    (stream,) = [one for one in mappings if "StartingPosition" in one]
    assert stream["ParallelizationFactor"] == 10
    (webhooks,) = [one for one in mappings if one["EventSourceArn"] == {"Fn::GetAtt": ["Webhooks", "Arn"]}]
    assert webhooks["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "WebhookConcurrency"}}
    limits = template()["Parameters"]["WebhookConcurrency"]
    assert (limits["MinValue"], limits["MaxValue"]) == (2, 1000), "SQS's limits"


def test_the_stream_has_one_item_of_a_workflow():
    """The consumer gets the state items only: Lambda keeps the order of an item, not that of a partition key."""
    (timeline,) = template()["Resources"]["PublishEvents"]["Properties"]["Events"].values()
    (only,) = timeline["Properties"]["FilterCriteria"]["Filters"]
    assert json.loads(only["Pattern"])["dynamodb"]["Keys"]["sk"] == {"S": ["state"]}


def test_the_sandbox_is_not_deployed_by_default():
    """All resources of the sandbox depend on its condition, and its parameter is off by default."""
    assert template()["Parameters"]["Sandbox"]["Default"] == "false"
    for name, resource in template()["Resources"].items():
        if name.startswith("Sandbox"):
            assert resource["Condition"] == "WithSandbox", name


def test_tasks_are_bounded():
    """Each task's timeout exceeds its function's, and the machine's exceeds every workflow."""
    machine = yaml.safe_load((ROOT / "statemachine/failover.asl.yaml").read_text())
    resources = template()["Resources"]
    longest = max(resources[name]["Properties"]["Timeout"] for name in map(logical_id, SEND_FUNCTIONS))
    for name in ("Send", "SendLast"):
        assert machine["States"][name]["TimeoutSeconds"] > longest
    assert machine["TimeoutSeconds"] > 9 * (86400 + 9 * (185 + 60))


def test_samconfig_environments():
    """samconfig.toml has the four environments; only the default and prod ask before changes."""
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())
    assert {"default", "dev", "prod", "local"} <= set(config)
    assert "Sandbox=true" not in json.dumps(config["prod"])


def test_deliveries_may_go_on_for_a_day():
    """Loop detection is off for the function that queues its own next attempt: Lambda would stop it after 16."""
    assert template()["Resources"]["DeliverWebhook"]["Properties"]["RecursiveLoop"] == "Allow"


def test_skipped_checks():
    """Each skipped check is listed once with its reason."""
    text = (ROOT / ".ci/checkov.yaml").read_text()
    passed_over = yaml.safe_load(text)["skip-check"]
    assert len(set(passed_over)) == len(passed_over)
    assert all(re.search(rf"^  - {check} # .{{20,}}$", text, re.MULTILINE) for check in passed_over)
