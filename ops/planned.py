"""What `sam deploy` would deploy: the names and parameters in samconfig.toml, over the template's defaults."""

import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.capacity.settings import template
from local.place import ROOT

SAMCONFIG = ROOT / "samconfig.toml"
CONFIG = "prod"
"""The environment of samconfig.toml if none is named."""


class NotPlanned(Exception):
    """samconfig.toml has no such environment. The message is one line for the user."""


@dataclass(frozen=True)
class Planned:
    config: str
    stack: str
    region: str | None
    """Of samconfig.toml, which leaves it to the environment."""
    given: dict[str, str]
    """Parameters that samconfig.toml names."""

    @property
    def parameters(self) -> dict[str, str]:
        """Every parameter with its value. `sam deploy` keeps the previous value of one that is not given."""
        defaults = {name: str(one.get("Default", "")) for name, one in template()["Parameters"].items()}
        return defaults | self.given

    def number(self, parameter: str) -> int:
        return int(self.parameters[parameter])


def planned(config: str = CONFIG, stack: str | None = None, file: Path = SAMCONFIG) -> Planned:
    """Read an environment of samconfig.toml. `stack` replaces its name. Raises NotPlanned."""
    environments = tomllib.loads(file.read_text())
    if config not in environments:
        known = ", ".join(name for name, one in environments.items() if isinstance(one, dict))
        raise NotPlanned(f"samconfig.toml has no environment {config}: choose one of {known}")
    of_all = environments[config].get("global", {}).get("parameters", {})
    deploy = of_all | environments[config].get("deploy", {}).get("parameters", {})
    return Planned(
        config,
        stack or str(deploy["stack_name"]),
        deploy.get("region"),
        overrides(deploy.get("parameter_overrides", "")),
    )


def overrides(given: str | list[str]) -> dict[str, str]:
    """Parse `Name=value Name="a value"`, or a list of such, as the SAM CLI does."""
    words = shlex.split(given) if isinstance(given, str) else given
    return dict(word.split("=", 1) for word in words if "=" in word)


LONGEST = {
    "FunctionName": 64,  # https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
    "LayerName": 140,  # https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html
    "AlarmName": 255,  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    "LogGroupName": 512,  # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
    "DashboardName": 255,
}
"""Characters that AWS allows in a property that holds a name."""
LONGEST_NAME = {
    "AWS::Serverless::StateMachine": 80,  # https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
    "AWS::SecretsManager::Secret": 512,  # https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
}
"""The same for the property `Name`, by the resource's type."""
_STACK = "${AWS::StackName}"


@dataclass(frozen=True)
class Named:
    """A resource whose name the template derives from the stack's."""

    logical_id: str
    type: str
    pattern: str
    longest: int

    def name(self, stack: str) -> str:
        return self.pattern.replace(_STACK, stack)


def named() -> Iterator[Named]:
    """The template's resources with such a name."""
    for logical_id, resource in template()["Resources"].items():
        properties: dict[str, Any] = resource.get("Properties") or {}
        limits = LONGEST | {"Name": LONGEST_NAME[resource["Type"]]} if resource["Type"] in LONGEST_NAME else LONGEST
        for name, longest in limits.items():
            if _STACK in str(properties.get(name) or ""):
                yield Named(logical_id, resource["Type"], properties[name], longest)


def longest_stack_name() -> tuple[int, str]:
    """Characters that a stack's name may have, and the pattern of the name that allows no more."""
    tightest = min(named(), key=lambda one: one.longest - len(one.name("")))
    return tightest.longest - len(tightest.name("")), tightest.pattern
