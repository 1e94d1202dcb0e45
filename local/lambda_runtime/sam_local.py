"""`make sam-local`: the real `sam local invoke` and `sam local start-api`, in containers, against a local stack."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
import yaml

from local import credentials, events
from local.inbox import Inbox
from local.lambda_runtime import docker, image, ports
from local.lambda_runtime.bootstrap import PORTS
from local.lambda_runtime.functions import Function, failure, functions
from local.lambda_runtime.processes import stop
from local.place import ROOT, LocalFailure, Place, architecture, free_port

_IMAGE = "workflows-lambda-python:3.13"
_OF_SAM = "samcli/lambda-*"
"""The names that SAM gives to images with a function's layers."""
_INVOKE_SECONDS = 180
_START_SECONDS = 60
_STOP_SECONDS = 20
_WEBHOOKS = 2
"""The number of live events that send a webhook: publish_events.json and deliver_webhook.json."""


def sam_local(place: Place, report: Callable[[str], None]) -> None:
    """Run each function with its live event, and one request through the API. Raises LocalFailure if one fails."""
    work = place.folder / "sam-local"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        report("starting a Docker daemon, unless one is running")
        with docker.daemon(work) as environment, _artifact(place, work) as build:
            report("building an image like Lambda's from this machine's Python")
            sam = _Sam(place, work, build, environment)
            try:
                sam.make_image()
                _run(place, sam, report)
            finally:
                sam.remove_images()
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _run(place: Place, sam: "_Sam", report: Callable[[str], None]) -> None:
    live = sam.work / "events"
    events.write(place, live)
    try:
        inbox = Inbox(credentials.read_all(place)["SIGNATURE_SECRET"], place.inbox_port)
    except OSError as error:
        raise LocalFailure(f"port {place.inbox_port} is busy ({error.strerror}): stop `make inbox`") from None
    try:
        failed = []
        for name, function in sam.functions.items():
            fault = sam.invoke(function, live / function.event)
            report(f"sam local invoke {name}: {fault or 'ok'}")
            failed += [name] if fault else []
        if failed:
            raise LocalFailure(f"{', '.join(failed)} failed")
        if len(inbox.received(lambda webhooks: len(webhooks) >= _WEBHOOKS, _START_SECONDS)) < _WEBHOOKS:
            raise LocalFailure("a webhook of the live events did not arrive")
        report(f"webhooks of the live events: {_WEBHOOKS} arrived")
        workflow_id = sam.post(json.loads((live / "workflows_api.json").read_text()))
        report(f"sam local start-api, POST /workflows: 202, {workflow_id}")
    finally:
        inbox.close()


class _Sam:
    """The SAM CLI with its daemon, image and artifact."""

    def __init__(self, place: Place, work: Path, build: Path, environment: dict[str, str]) -> None:
        self.work = work
        self.functions = functions(place)
        self._layers = [build / name for name in {layer for one in self.functions.values() for layer in one.layers}]
        self._environment = place.environment(SAM_CLI_TELEMETRY="0", **environment)
        variables: dict[str, Any] = {name: one.environment for name, one in self.functions.items()}
        (work / "env.json").write_text(json.dumps(variables | {"Parameters": _endpoints(place)}))
        self._options = [
            *("--template-file", str(build / "template.yaml"), "--env-vars", str(work / "env.json")),
            *("--parameter-overrides", f"Architecture={architecture()} Sandbox=true"),
            *("--skip-pull-image", "--invoke-image", _IMAGE, "--layer-cache-basedir", str(work / "layers")),
        ]

    def make_image(self) -> None:
        """Import the image. Raises NoContainers if the daemon cannot import or run it."""
        tar = self.work / "image.tar"
        image.write(tar, self._layers)
        changes = [word for line in image.CONFIGURATION for word in ("--change", line)]
        done = self._docker("import", *changes, str(tar), _IMAGE)
        tar.unlink()
        if done.returncode:
            raise docker.NoContainers(f"docker import failed: {done.stderr.strip()}")
        done = self._docker("run", "--rm", "--publish", "127.0.0.1::8080", _IMAGE, "python3.13", "-S", "-c", "pass")
        if done.returncode:
            raise docker.NoContainers(f"a container does not run: {done.stderr.strip()}")

    def remove_images(self) -> None:
        """Remove our image, and the images that SAM built from it, from a daemon that is not ours."""
        made = self._docker("image", "ls", "--quiet", "--filter", f"since={_IMAGE}", "--filter", f"reference={_OF_SAM}")
        self._docker("image", "rm", "--force", *made.stdout.split(), _IMAGE)

    def invoke(self, function: Function, event: Path) -> str | None:
        """Invoke the function. Returns what went wrong, or None."""
        try:
            done = subprocess.run(
                self._command("invoke", function.name, "--event", str(event)),
                env=self._environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_INVOKE_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"no answer within {_INVOKE_SECONDS} s"
        if fault := failure(done.stdout):
            return f"{fault} {done.stderr[-2000:]}"
        return None if done.returncode == 0 else done.stderr[-2000:]

    def post(self, event: dict[str, Any]) -> str:
        """Send the event's request to `sam local start-api` and return the id of the new workflow."""
        with self._api() as url:
            answer = requests.post(
                f"{url}{event['path']}",
                data=event["body"],
                headers=event["headers"] | {"Host": url.removeprefix("http://")},
                proxies={"http": ""},
                timeout=_INVOKE_SECONDS,
            )
        if answer.status_code != 202:
            raise LocalFailure(f"sam local start-api answered {answer.status_code}: {answer.text}")
        workflow_id: str = answer.json()["workflow_uuid"]
        return workflow_id

    @contextmanager
    def _api(self) -> Iterator[str]:
        port = free_port()
        log = self.work / "start-api.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                self._command("start-api", "--host", "127.0.0.1", "--port", str(port)),
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            deadline = time.monotonic() + _START_SECONDS
            while f"http://127.0.0.1:{port}" not in log.read_text(errors="replace").rpartition("Running on")[2]:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise LocalFailure(f"sam local start-api did not start: {log.read_text(errors='replace')[-2000:]}")
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            stop(process, _STOP_SECONDS)

    def _docker(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["docker", *arguments]
        return subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)

    def _command(self, *arguments: str) -> list[str]:
        return [str(ROOT / ".venv-sam/bin/sam"), "local", *arguments, *self._options]


def _endpoints(place: Place) -> dict[str, str]:
    return {name: value for name, value in place.aws_environment.items() if name.startswith("AWS_ENDPOINT_URL")}


@contextmanager
def _artifact(place: Place, work: Path) -> Iterator[Path]:
    """Yield a copy of the build that can reach the local stack from a container.

    SAM passes a function only the variables that its template names, so this copy names the engines' addresses.
    """
    build, sockets = work / "build", work / "ports"
    shutil.copytree(place.folder / "build", build, copy_function=os.link)
    sockets.mkdir()
    template = yaml.safe_load((build / "template.yaml").read_text())
    template["Globals"]["Function"]["Environment"]["Variables"] |= dict.fromkeys(_endpoints(place), "")
    (build / "template.yaml").unlink()  # a hard link: writing through it would change the stack's build
    (build / "template.yaml").write_text(yaml.safe_dump(template, sort_keys=False))
    with ports.served(sockets, place.api_port, place.stepfunctions_port, place.inbox_port) as served:
        for name, resource in template["Resources"].items():
            if resource["Type"] == "AWS::Serverless::Function":
                (build / name / PORTS).mkdir()
                for path in served:
                    os.link(path, build / name / PORTS / path.name)
        yield build
