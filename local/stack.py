"""The stack on the engines: the real `sam build`, `sam deploy` and `sam delete`, and what the engines lack."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import boto3
import yaml
from botocore.config import Config

from local.place import ALIAS, REGION, ROOT, STACK, STAGE, LocalFailure, Place, architecture

_SAM = ROOT / ".venv-sam/bin/sam"
_SETTINGS = {
    "SAM_CLI_TELEMETRY": "0",
    "SAM_CLI_CONTAINER_CONNECTION_TIMEOUT": "1",
    "SAM_CLI_POLL_DELAY": "0.2",  # seconds; the engine needs one or two, and SAM's default is 5
}


def client(place: Place, service: str, url: str = "") -> Any:
    """A client of the engine that serves `service`, or of the engine at `url`."""
    environment = place.aws_environment
    return boto3.client(
        service,
        endpoint_url=url or (place.stepfunctions_url if service == "stepfunctions" else place.url),
        region_name=REGION,
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"mode": "standard", "total_max_attempts": 3}),
    )


def sam(place: Place, *arguments: str, source: Path = ROOT) -> str:
    """Run the SAM CLI on the local stack and return its output. Raises LocalFailure with the output's last line.

    `source` has the template and its samconfig.toml.
    """
    done = subprocess.run(
        [str(_SAM), *arguments, "--config-file", str(source / "samconfig.toml"), "--config-env", "local"],
        cwd=source,
        env=place.environment(**_SETTINGS, ARCHITECTURE=architecture()),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    log = place.folder / f"sam-{arguments[0]}.log"
    log.write_text(done.stdout + done.stderr)
    if done.returncode:
        last = next((line for line in reversed((done.stdout + done.stderr).splitlines()) if line.strip()), "")
        raise LocalFailure(f"sam {arguments[0]} failed: {last.strip()} (see {log})")
    return done.stdout


def build(place: Place, source: Path = ROOT) -> None:
    """Build the application in `source`, that of this repository or of another release."""
    sam(
        place,
        "build",
        "--build-dir",
        str(place.folder / "build"),
        "--cache-dir",
        str(place.folder / "cache"),
        "--parameter-overrides",
        f"Architecture={architecture()}",
        source=source,
    )
    _adapt_to_ministack(place.folder / "build" / "template.yaml")


def deploy(place: Place, built: Path | None = None, /, **parameters: str) -> None:
    """Deploy the build with these parameters of the template, and configure the engines to serve it.

    If the stack exists, it is updated. `built`: the folder of another build.
    """
    overrides = {
        "Architecture": architecture(),
        "Sandbox": "true",
        "PublicUrl": place.public_url,
        "LoopbackWebhooks": "true",
        "AccountWorkflowsPerSecond": "1000",  # `make burst` posts with one account, as fast as it can
        **parameters,
    }
    sam(
        place,
        "deploy",
        "--template-file",
        str((built or place.folder / "build") / "template.yaml"),
        "--parameter-overrides",
        *(f"{name}={value}" for name, value in overrides.items()),
    )
    _hand_over_state_machines(place)
    _map_domain(place)
    _switch_on_ttl(place)
    _allow_batches(place)


def delete(place: Place) -> None:
    """Delete the stack with `sam delete`."""
    sam(place, "delete", "--no-prompts", "--region", REGION)


def resources(place: Place) -> dict[str, str]:
    """Logical id → physical id of each of the stack's resources."""
    pages = client(place, "cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
    return {
        summary["LogicalResourceId"]: summary["PhysicalResourceId"]
        for page in pages
        for summary in page["StackResourceSummaries"]
    }


def secret(place: Place, logical_id: str) -> dict[str, str]:
    """Return the value of one of the stack's secrets."""
    answer = client(place, "secretsmanager").get_secret_value(SecretId=resources(place)[logical_id])
    value: dict[str, str] = json.loads(answer["SecretString"])
    return value


def invoke(place: Place, function: str, event: dict[str, Any]) -> Any:
    """Call a function of the stack and return its result. Raises LocalFailure if it failed."""
    named = {"FunctionName": f"{STACK}-{function}", "Qualifier": ALIAS}
    answer = client(place, "lambda").invoke(**named, Payload=json.dumps(event))
    payload = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise LocalFailure(f"{function} failed: {payload.get('errorType')}: {payload.get('errorMessage')}")
    return payload


def wipe(place: Place) -> None:
    """Remove the engines' data, the build and the live events; keep the logs."""
    for folder in ("engines", "build", "events"):
        shutil.rmtree(place.folder / folder, ignore_errors=True)


def _adapt_to_ministack(path: Path) -> None:
    """Rewrite the built template for MiniStack.

    MiniStack refuses a stack with an alarm on a metric expression, so these alarms are dropped: no alarm has an action
    here. It also expects a plain slash in a media type, where CloudFormation expects `~1`, and takes a parameter for a
    text, also where a number is needed: as the concurrency of a queue, which then delivers nothing.
    """
    template = yaml.safe_load(path.read_text())
    template["Resources"] = {
        name: resource
        for name, resource in template["Resources"].items()
        if not (resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"])
    }
    api = template["Resources"]["Api"]["Properties"]
    api["BinaryMediaTypes"] = [name.replace("~1", "/") for name in api["BinaryMediaTypes"]]
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            for event in resource["Properties"].get("Events", {}).values():
                _resolve(template, event["Properties"].get("ScalingConfig", {}), "MaximumConcurrency")
    path.write_text(yaml.safe_dump(template, sort_keys=False))


def _resolve(template: dict[str, Any], properties: dict[str, Any], name: str) -> None:
    """Replace a parameter that is the value of a property by its default, as a number."""
    if isinstance(value := properties.get(name), dict):
        properties[name] = int(template["Parameters"][value["Ref"]]["Default"])


def _hand_over_state_machines(place: Place) -> None:
    """Create the deployed state machine and its alias in moto, which runs it, under the same ARNs."""
    deployed, interpreter = client(place, "stepfunctions", place.url), client(place, "stepfunctions")
    for machine in deployed.list_state_machines()["stateMachines"]:
        arn = machine["stateMachineArn"]
        described = deployed.describe_state_machine(stateMachineArn=arn)
        definition = json.dumps(yaml.safe_load(described["definition"]))
        known = {m["stateMachineArn"] for m in interpreter.list_state_machines()["stateMachines"]}
        if arn in known:
            version = interpreter.update_state_machine(stateMachineArn=arn, definition=definition, publish=True)
            routing = [{"stateMachineVersionArn": version["stateMachineVersionArn"], "weight": 100}]
            interpreter.update_state_machine_alias(stateMachineAliasArn=f"{arn}:{ALIAS}", routingConfiguration=routing)
        else:
            version = interpreter.create_state_machine(
                name=described["name"],
                definition=definition,
                roleArn=described["roleArn"],
                type="STANDARD",
                publish=True,
            )
            routing = [{"stateMachineVersionArn": version["stateMachineVersionArn"], "weight": 100}]
            interpreter.create_state_machine_alias(name=ALIAS, routingConfiguration=routing)


def _map_domain(place: Place) -> None:
    """Serve the API under `http://127.0.0.1:<port>/beta` and `/v0.1`, as a custom domain would."""
    gateway = client(place, "apigateway")
    api = resources(place)["Api"]
    if place.host not in {domain["domainName"] for domain in gateway.get_domain_names().get("items", [])}:
        gateway.create_domain_name(domainName=place.host)
    mapped = {m["basePath"] for m in gateway.get_base_path_mappings(domainName=place.host).get("items", [])}
    for base_path in ("beta", "v0.1"):
        if base_path in mapped:
            gateway.delete_base_path_mapping(domainName=place.host, basePath=base_path)
        gateway.create_base_path_mapping(domainName=place.host, basePath=base_path, restApiId=api, stage=STAGE)


def _switch_on_ttl(place: Place) -> None:
    dynamodb = client(place, "dynamodb")
    for name, physical in resources(place).items():
        if name in ("Table", "SandboxTable"):
            dynamodb.update_time_to_live(
                TableName=physical, TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": True}
            )


def _allow_batches(place: Place) -> None:
    """Allow `sqs:SendMessageBatch`: MiniStack requires this action, which AWS does not have, for sending a batch.

    On AWS `sqs:SendMessage` is enough:
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
    """
    iam = client(place, "iam")
    for role in (role["RoleName"] for role in iam.list_roles()["Roles"]):
        for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
            for statement in document["Statement"]:
                if statement["Action"] == "sqs:SendMessage":
                    statement["Action"] = ["sqs:SendMessage", "sqs:SendMessageBatch"]
            iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document))
