"""The API as a stranger sees it."""

import json
from collections.abc import Iterator

import requests

from local.place import ROOT
from ops.deployed import Deployed
from ops.http import call, document, on_this_machine
from ops.report import Finding, failure, ok, warning

_OWN = ROOT / "layers/failover/failover/openapi.json"


def reachable(url: str) -> Iterator[Finding]:
    if not url.startswith("https://") and not on_this_machine(url):
        yield failure("API", f"{url} is not https")
        return
    try:
        answer = call("GET", f"{url}/openapi.json")
    except requests.exceptions.SSLError:
        yield failure("API", f"{url}: its certificate is not trusted, or is for another host")
        return
    except requests.RequestException as error:
        yield failure("API", f"{url} does not answer ({type(error).__name__}): see DNS, web ACL and the stack")
        return
    if answer.status_code == 200 and document(answer):
        yield ok("API", f"{url} answers")
    else:
        yield failure("API", f"{url}/openapi.json is answered {answer.status_code}: see API Gateway and workflows_api")


def version(url: str) -> Iterator[Finding]:
    """Compare the version that answers with this checkout's."""
    try:
        deployed = document(call("GET", f"{url}/openapi.json"))
    except requests.RequestException:
        return  # `reachable` has said so
    yield of_documents(deployed, json.loads(_OWN.read_text()))


def of_documents(deployed: dict[str, object], own: dict[str, object]) -> Finding:
    running, checked_out = _version(deployed), _version(own)
    if running != checked_out:
        return warning("version", f"{running} runs, this checkout is {checked_out}")
    if deployed != own:
        return warning("version", f"{running} runs, but its API is not that of this checkout: deploy, or update")
    return ok("version", f"{running} runs, with the API of this checkout")


def _version(openapi: dict[str, object]) -> str:
    info = openapi.get("info")
    return str(info.get("version", "unknown")) if isinstance(info, dict) else "unknown"


def strangers(stack: Deployed, url: str) -> Iterator[Finding]:
    """Without credentials the API says 401, at each of its addresses, in the form of its problems."""
    addresses = [f"{url}/workflows"]
    domain = stack.parameters.get("DomainName")
    if domain:
        addresses += [f"https://{domain}/beta/workflows", f"https://{domain}/v0.1/dispatch"]
    elif on_this_machine(url):
        addresses.append(f"{url.rpartition('/')[0]}/v0.1/dispatch")
    for address in dict.fromkeys(addresses):
        try:
            answer = call("GET", address)
        except requests.RequestException as error:
            yield failure("strangers", f"{address} does not answer ({type(error).__name__})")
        else:
            yield of_stranger(address, answer)


def of_stranger(address: str, answer: requests.Response) -> Finding:
    problem, trace = document(answer), answer.headers.get("X-Nexmo-Trace-Id")
    if answer.status_code != 401:
        return failure("strangers", f"{address} is answered {answer.status_code} without credentials, not 401")
    if not {"type", "title", "detail", "instance"} <= set(problem) or problem["instance"] != trace:
        return failure("strangers", f"{address} is answered 401, but not as the API does it: what stands in front?")
    return ok("strangers", f"{address} is answered 401")
