"""The functions of a deployed local stack, and whether what one answered is a success."""

import json
from dataclasses import dataclass
from typing import Any

import yaml

from local import stack
from local.place import Place


@dataclass(frozen=True)
class Function:
    name: str
    """Its logical id in the template, and the name of its folder in the build."""
    layers: tuple[str, ...]
    """Logical ids of its layers; a later one lies over the ones before it."""
    settings: dict[str, Any]
    """As Lambda's GetFunctionConfiguration answers them."""

    @property
    def event(self) -> str:
        """The name of its event in `events`."""
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in self.name).lstrip("_") + ".json"

    @property
    def environment(self) -> dict[str, str]:
        """The variables the template gives it."""
        variables: dict[str, str] = self.settings["Environment"]["Variables"]
        return variables


def functions(place: Place) -> dict[str, Function]:
    """Every function of the template by its logical id, as it is deployed."""
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
    """What is wrong with the output of a function; None: it is a success.

    A function that fails answers with `errorType`, and one whose runtime died answers nothing at all. Neither shows in
    the exit code of `sam local invoke`.
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
