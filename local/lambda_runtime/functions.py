"""The functions of a deployed local stack, and how to recognize a failed invocation."""

import json
from dataclasses import dataclass
from typing import Any

import yaml

from local import stack
from local.place import Place


@dataclass(frozen=True)
class Function:
    name: str
    """Its logical id in the template, and its folder in the build."""
    layers: tuple[str, ...]
    """Logical ids of its layers. Files of a later layer replace those of earlier ones."""
    settings: dict[str, Any]
    """The answer of Lambda's GetFunctionConfiguration."""

    @property
    def event(self) -> str:
        """The file name of its event in `events`."""
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in self.name).lstrip("_") + ".json"

    @property
    def environment(self) -> dict[str, str]:
        """Its environment variables in the template."""
        variables: dict[str, str] = self.settings["Environment"]["Variables"]
        return variables


def functions(place: Place) -> dict[str, Function]:
    """Return all deployed functions by logical id."""
    template = yaml.safe_load((place.folder / "build/template.yaml").read_text())
    of_all = template["Globals"]["Function"]["Layers"]
    physical, client = stack.resources(place), stack.client(place, "lambda")
    return {
        name: Function(
            name,
            tuple(layer["Ref"] for layer in [*of_all, *resource["Properties"].get("Layers", [])]),
            client.get_function_configuration(FunctionName=physical[name]),
        )
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def failure(output: str) -> str | None:
    """Return what is wrong with a function's output, or None if it is a success.

    A failed function returns `errorType`, and a runtime that died returns nothing. `sam local invoke` exits with 0 in
    both cases.
    """
    try:
        answer = json.loads(output)
    except ValueError:
        return "no answer"
    if not isinstance(answer, dict):
        return None
    if "errorType" in answer:
        return f"{answer['errorType']}: {answer.get('errorMessage')}"
    if "error" in answer:
        return str(answer["error"])
    if not 200 <= answer.get("statusCode", 200) < 300:
        return f"status {answer['statusCode']}: {answer.get('body')}"
    return None
