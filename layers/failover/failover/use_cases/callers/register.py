"""Register who may call: read a command and carry it out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from failover.outside import Outside
from failover.rules.channels.objects import Case, Object, Tagged
from failover.rules.requests import models
from failover.use_cases.callers import accounts, applications, rotations, status_urls
from failover.use_cases.callers.commands import Answer, Command, CommandRefused, OfAccount, OfApplication, OfEither


@dataclass(frozen=True)
class _Entry[C: Command]:
    fields: type[C]
    carry_out: Callable[[Outside, C], Answer]


COMMANDS: dict[str, _Entry[Any]] = {
    "create_account": _Entry(accounts.CreateAccount, accounts.create),
    "list_accounts": _Entry(accounts.ListAccounts, accounts.list_page),
    "show_account": _Entry(OfAccount, accounts.show),
    "disable_account": _Entry(OfAccount, accounts.disable),
    "enable_account": _Entry(OfAccount, accounts.enable),
    "set_limit": _Entry(accounts.SetLimit, accounts.set_limit),
    "delete_account": _Entry(OfAccount, accounts.delete),
    "create_application": _Entry(applications.CreateApplication, applications.create),
    "set_public_key": _Entry(applications.SetPublicKey, applications.set_public_key),
    "disable_application": _Entry(OfApplication, applications.disable),
    "enable_application": _Entry(OfApplication, applications.enable),
    "delete_application": _Entry(OfApplication, applications.delete),
    "set_status_url": _Entry(status_urls.SetStatusUrl, status_urls.set_url),
    "remove_status_url": _Entry(OfEither, status_urls.remove),
    "rotate_secret": _Entry(rotations.RotateSecret, rotations.rotate_secret),
    "rotate_signature_secret": _Entry(rotations.RotateSignatureSecret, rotations.rotate_signature_secret),
}
"""By `action`; docs/operations.md, "Accounts and applications"."""
_ACTION = Tagged("action", tuple(Case(action, Object(())) for action in COMMANDS))
_COMMAND: TypeAdapter[Command] = TypeAdapter(
    models.union(_ACTION, {action: entry.fields for action, entry in COMMANDS.items()})
)


def register(outside: Outside, event: Any) -> Answer:
    """Carry out one command. A secret is in the answer, and nowhere else ever again. Raises CommandRefused."""
    command = read(event)
    return COMMANDS[command.action].carry_out(outside, command)


def read(event: Any) -> Command:
    """Raises CommandRefused with every fault."""
    command: Command
    command, faults = models.read_as(_COMMAND, event, "" if isinstance(event, dict) else "command")
    if faults:
        raise CommandRefused("; ".join(f"{fault['name']}: {fault['reason']}" for fault in faults))
    return command
