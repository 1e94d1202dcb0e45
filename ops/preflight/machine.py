"""This machine: a Python that builds the layers, the SAM CLI, and the architecture they are built for."""

import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Mapping

from local.place import ROOT
from ops.planned import Planned
from ops.report import Finding, failure, ok, warning

_OWN = ROOT / ".venv-sam/bin"
"""The SAM CLI that the tests use."""


def machine(plan: Planned, environment: Mapping[str, str]) -> Iterator[Finding]:
    path = environment.get("PATH", "")
    yield python(path)
    yield sam(path)
    yield architecture(plan, environment)


def python(path: str) -> Finding:
    found = _output([str(ROOT / "local/find-python"), "pip"], path)
    if found:
        return ok("Python", f"{found.strip()} builds the layers")
    return failure("Python", "there is no Python 3.13 with pip on PATH, which builds the layers: install one")


def sam(path: str) -> Finding:
    others = os.pathsep.join(folder for folder in path.split(os.pathsep) if folder != str(_OWN))
    program = shutil.which("sam", path=others)
    if program is None:
        return warning("SAM CLI", "`sam` is not on PATH: write .venv-sam/bin/sam instead")
    return sam_version(_output([program, "--version"], others) or "")


def sam_version(printed: str) -> Finding:
    """Compare what `sam --version` prints with the version of the tests."""
    tested = _tested()
    found = re.search(r"\d+\.\d+\.\d+", printed)
    if found is None:
        return failure("SAM CLI", "`sam --version` prints no version: reinstall it, or write .venv-sam/bin/sam instead")
    if _parts(found[0]) < _parts(tested):
        return warning("SAM CLI", f"{found[0]} is older than {tested} of the tests: update it")
    return ok("SAM CLI", found[0])


def architecture(plan: Planned, environment: Mapping[str, str]) -> Finding:
    """The layers' Makefiles read ARCHITECTURE, the template has a parameter: both must name the same processor."""
    built, deployed = environment.get("ARCHITECTURE") or "arm64", plan.parameters["Architecture"]
    if built == deployed:
        return ok("architecture", deployed)
    how = f"export ARCHITECTURE={deployed}, and build again"
    return failure("architecture", f"the layers would be built for {built}, the functions run on {deployed}: {how}")


def _tested() -> str:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    return str(groups["sam"][0].partition("==")[2])


def _parts(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _output(command: list[str], path: str) -> str | None:
    """What a command prints, or None if it fails."""
    done = subprocess.run(command, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None
