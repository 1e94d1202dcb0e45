"""Connect a new stack: store the application at the Messages API and its signature secret, and create an account.

What is not given as an option is asked for. Nothing is stored before the Messages API has accepted the application,
and no secret is printed: the account's goes to a file that only you can read. A stack with the sandbox needs no
application, so it only gets the account.
"""

import argparse
import getpass
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.place import ROOT, write_private
from ops import vendor
from ops.clients import client
from ops.deployed import Deployed, InvocationFailed, NotDeployed, deployed
from ops.doctor.secrets import never_replaced
from ops.report import Finding, failure, findings, ok, show

FOLDER = ROOT / ".credentials"
"""One file for each stack. `make clean` leaves it."""


class NotAsked(Exception):
    """An answer is missing or cannot be used. The message is one line for the user."""


@dataclass(frozen=True)
class Application:
    """What the vendor knows of us."""

    application_id: str
    private_key: str = field(repr=False)
    signature_secret: str = field(repr=False)

    @property
    def messages(self) -> dict[str, str]:
        return {"application_id": self.application_id, "private_key": self.private_key}


def main(argv: list[str]) -> int:
    """Print what was done. Returns 1 if something was not, 2 if there is no such stack or an answer is missing."""
    parser = argparse.ArgumentParser(prog="ops connect", description=__doc__)
    parser.add_argument("--stack", required=True)
    parser.add_argument("--application-id", help="of the application at the vendor")
    parser.add_argument("--private-key", type=Path, help="file with the application's private key, in PEM")
    parser.add_argument("--signature-secret", type=Path, help="file with the vendor's signature secret")
    parser.add_argument("--account", default="first", help="name of the account; default: %(default)s")
    asked = parser.parse_args(argv)
    given = (asked.application_id, asked.private_key, asked.signature_secret)
    try:
        stack = deployed(asked.stack)
        application = None if stack.sandbox and not any(given) else _application(*given)
    except (NotDeployed, NotAsked) as error:
        print(f"connect: {error}", file=sys.stderr)
        return 2
    return show(findings([("connect", lambda: connect(stack, application, asked.account))]))


def connect(stack: Deployed, application: Application | None, account: str) -> Iterator[Finding]:
    if application is not None:
        if not stack.sandbox:  # which knows only what is stored
            found = vendor.credentials(
                stack.parameters["MessagesUrl"].rstrip("/"), stack.parameters["MessagesVersion"], application.messages
            )
            yield found
            if found.verdict == "failure":
                yield failure("connect", "nothing was stored: correct the application's id or key, and try again")
                return
        yield from _store(stack, application)
    yield _account(stack, account)


def _store(stack: Deployed, application: Application) -> Iterator[Finding]:
    put = client("secretsmanager", stack.region).put_secret_value
    signature = {"signature_secret": application.signature_secret} | _previous(stack, application.signature_secret)
    for name, value in {"SignatureSecret": signature, "MessagesSecret": application.messages}.items():
        put(SecretId=stack.physical(name), SecretString=json.dumps(value))
        yield ok("secrets", f"{stack.physical(name)} is stored; the functions use it within five minutes")


def _previous(stack: Deployed, new: str) -> dict[str, str]:
    """The signature secret before, if the vendor has signed with it: it repeats callbacks for a day."""
    if never_replaced(stack, "SignatureSecret"):
        return {}
    value = stack.secret("SignatureSecret")
    before = value.get("signature_secret")
    if before == new:  # stored again, perhaps during a rotation
        before = value.get("previous_signature_secret")
    return {"previous_signature_secret": before} if before else {}


def _account(stack: Deployed, name: str) -> Finding:
    """Create the first account, and write its credentials to a file. Nothing, if the file exists."""
    file = FOLDER / f"{stack.stack}.env"
    shown = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
    if file.exists():
        return ok("account", f"{shown} has one already")
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    try:
        made = stack.invoke("Accounts", {"action": "create_account", "name": name})
    except InvocationFailed as error:
        return failure("account", f"{error}; see the logs of accounts")
    lines = {
        "API_URL": stack.api_url.removesuffix("/beta"),
        "API_KEY": made["api_key"],
        "API_SECRET": made["api_secret"],
        "SIGNATURE_SECRET": made["signature_secret"],
    }
    write_private(file, "".join(f"{key}={value}\n" for key, value in lines.items()))
    return ok("account", f"{name} is created; its key and secrets are in {shown}: source {shown}")


def _application(application_id: str | None, private_key: Path | None, signature_secret: Path | None) -> Application:
    """What was given, and asked for otherwise. Raises NotAsked."""
    return Application(
        application_id or _answer("Id of the application at the vendor: ", input),
        _file(private_key or Path(_answer("File with its private key: ", input))),
        _file(signature_secret) if signature_secret else _answer("Signature secret (not shown): ", getpass.getpass),
    )


def _answer(question: str, ask: Callable[[str], Any]) -> str:
    try:
        answer = str(ask(question)).strip()
    except EOFError:
        answer = ""
    if not answer:
        raise NotAsked(f"{question.split(' (')[0].strip(': ')} is missing")
    return answer


def _file(path: Path) -> str:
    try:
        text = path.expanduser().read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise NotAsked(f"{path} cannot be read: {type(error).__name__}") from None
    if not text:
        raise NotAsked(f"{path} is empty")
    return text
