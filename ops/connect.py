"""Connect a new stack: store the application at the Messages API and its signature secret, and create an account.

What is not given as an option is asked for. Nothing is stored before the Messages API has accepted the application,
and no secret is printed: the account's goes to a file that only you can read. A stack with the sandbox needs no
application, so it only gets the account.

It can be run again at any time: it does what is not done yet, and leaves the rest as it is.
"""

import argparse
import fcntl
import getpass
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.place import ROOT, write_private
from ops import accounts, vendor
from ops.clients import client
from ops.deployed import Deployed, InvocationFailed, NotDeployed, deployed, json_object, never_replaced
from ops.report import Finding, failure, ok, said, show, warning

FOLDER = ROOT / ".credentials"
"""One file for each stack. `make clean` leaves it."""
REPEATED_FOR = timedelta(hours=25)
"""For a day the vendor repeats a callback with its first signature; an hour for the change at the vendor."""


class NotAnswered(Exception):
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
    except (NotDeployed, NotAnswered) as error:
        print(f"connect: {error}", file=sys.stderr)
        return 2
    return show(connect(stack, application, asked.account))


def connect(stack: Deployed, application: Application | None, account: str) -> Iterator[Finding]:
    """Do what is not done yet. After a failure nothing else is done."""
    if missing := stack.missing_outputs:
        text = f"there is no output {', '.join(missing)}: is this a stack of this template, and deployed?"
        yield failure("connect", text)
        return
    try:
        for found in _steps(stack, application, account):
            yield found
            if found.verdict == "failure":
                return
    except (ClientError, BotoCoreError) as error:
        yield failure("connect", f"{said(error)}: it may be done or not. Run this again: it goes on from there")


def _steps(stack: Deployed, application: Application | None, account: str) -> Iterator[Finding]:
    if application is not None:
        if not stack.sandbox:  # which knows only what is stored
            yield _accepted(stack, application)
        yield _store(stack, "SignatureSecret", lambda stored: signature(stored, application.signature_secret))
        yield _store(stack, "MessagesSecret", lambda _: application.messages)
    yield _account(stack, account)


def _accepted(stack: Deployed, application: Application) -> Finding:
    """Whether the Messages API accepts the application. Anything but a clear yes is a failure."""
    found = vendor.credentials(
        stack.parameters["MessagesUrl"].rstrip("/"), stack.parameters["MessagesVersion"], application.messages
    )
    return found if found.verdict == "ok" else failure(found.subject, f"{found.text}. Nothing was stored")


# ---------------------------------------------------------------- the two secrets
class RotationGoesOn(Exception):
    """Storing another signature secret would drop one that the vendor may still sign with."""


@dataclass(frozen=True)
class Stored:
    """The current value of a secret."""

    value: dict[str, Any] = field(repr=False)
    """Empty, if it is the random one of a new stack, or no JSON object."""
    age: timedelta


def signature(stored: Stored, new: str) -> dict[str, Any]:
    """The signature secret to store, with the one before as the previous: the vendor may have signed with it.

    Raises RotationGoesOn if another previous one is there, which would be lost, less than 25 hours after it was stored.
    """
    before, previous = (_text(stored.value, name) for name in ("signature_secret", "previous_signature_secret"))
    if before in (None, new):  # the first one, or stored again, perhaps during a rotation
        return {**stored.value, "signature_secret": new}
    if previous not in (None, new) and stored.age < REPEATED_FOR:
        raise RotationGoesOn
    return {**stored.value, "signature_secret": new, "previous_signature_secret": before}


def _text(value: dict[str, Any], name: str) -> str | None:
    found = value.get(name)
    return found if isinstance(found, str) and found else None


def _store(stack: Deployed, logical_id: str, wanted: Callable[[Stored], dict[str, Any]]) -> Finding:
    """Store what is wanted after the current value. Nothing, if that is it already."""
    secrets, name = client("secretsmanager", stack.region), stack.physical(logical_id)
    before = stack.versions(logical_id)
    current = secrets.get_secret_value(SecretId=name)
    stored = Stored(
        {} if never_replaced(before) else _readable(current.get("SecretString", "")),
        datetime.now(UTC) - current["CreatedDate"],
    )
    try:
        value = wanted(stored)
    except RotationGoesOn:
        return failure(
            "secrets",
            f"{name} got its value less than 25 hours ago, and the secret before that would be lost. Nothing was "
            "stored: run this again when they are over, or store the right two by hand (docs/operations.md, Secrets)",
        )
    if value == stored.value:
        return ok("secrets", f"{name} is stored already")
    own = secrets.put_secret_value(SecretId=name, SecretString=json.dumps(value))["VersionId"]
    if set(stack.versions(logical_id)) - set(before) - {own}:
        return failure("secrets", f"{name} was stored by another run at the same time: run this again")
    return ok("secrets", f"{name} is stored; the functions use it within five minutes")


def _readable(text: str) -> dict[str, Any]:
    try:
        return json_object(text)
    except ValueError:
        return {}  # the functions cannot read it either


# ---------------------------------------------------------------- the first account
def _account(stack: Deployed, name: str) -> Finding:
    """Create the first account and write its credentials to a file, unless there is one."""
    file = FOLDER / f"{stack.stack}.env"
    shown = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
    try:
        with _alone(FOLDER):
            if file.exists():
                return _of_file(stack, file.read_text(), f"{shown}")
            if found := [one["api_key"] for one in accounts.listed(stack) if one["name"] == name]:
                return warning(
                    "account",
                    f"{name} exists already ({', '.join(found)}), and {shown} does not. If its secret is lost, disable "
                    "and delete it (docs/operations.md) and run this again",
                )
            return _created(stack, name, file, f"{shown}")
    except BlockingIOError:
        return failure("account", "another run is creating it: wait until it has ended, and run this again")
    except OSError as error:
        return failure("account", f"{shown} cannot be read or written ({type(error).__name__}): nothing was created")
    except InvocationFailed as error:
        return failure("account", f"{error}; see the logs of accounts, and run this again: it looks for the account")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other runs on this machine out: each would replace the credentials that the other has written.

    The lock ends with the process. Raises BlockingIOError.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(lock)


def _of_file(stack: Deployed, text: str, shown: str) -> Finding:
    """Whether the account in the file is one of this stack, and not of a deleted one or of another Region."""
    lines = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    try:
        accounts.shown(stack, lines.get("API_KEY", ""))
    except InvocationFailed as error:
        return failure(
            "account", f"{shown} is there, but not its account ({error}): move the file away, and run this again"
        )
    return ok("account", f"{shown} has one already")


def _created(stack: Deployed, name: str, file: Path, shown: str) -> Finding:
    """Raises OSError before there is an account, and InvocationFailed."""
    unfinished = file.with_suffix(".unfinished")
    write_private(unfinished, "")
    try:
        made = accounts.created(stack, name)
        try:
            write_private(unfinished, _lines(stack, made))
            unfinished.replace(file)
        except OSError as error:
            text = f"{made['api_key']} is created, but {shown} cannot be written ({type(error).__name__})"
            return failure("account", f"{text}, so its secret is lost: disable and delete it, and run this again")
    finally:
        unfinished.unlink(missing_ok=True)
    return ok("account", f"{name} is created; its key and secrets are in {shown}: source {shown}")


def _lines(stack: Deployed, made: dict[str, str]) -> str:
    lines = {
        "API_URL": stack.api_url.removesuffix("/beta"),
        "API_KEY": made["api_key"],
        "API_SECRET": made["api_secret"],
        "SIGNATURE_SECRET": made["signature_secret"],
    }
    return "".join(f"{key}={value}\n" for key, value in lines.items())


# ---------------------------------------------------------------- what the operator is asked for
def _application(application_id: str | None, private_key: Path | None, signature_secret: Path | None) -> Application:
    """What was given, and asked for otherwise. Raises NotAnswered."""
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
        raise NotAnswered(f"{question.split(' (')[0].strip(': ')} is missing")
    return answer


def _file(path: Path) -> str:
    try:
        text = path.expanduser().read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise NotAnswered(f"{path} cannot be read: {type(error).__name__}") from None
    if not text:
        raise NotAnswered(f"{path} is empty")
    return text
