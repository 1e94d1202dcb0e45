"""Accounts and applications as commands find, change and show them."""

from typing import Any

from failover.adapters.callers import Outdated
from failover.adapters.table import Item
from failover.observability import logger
from failover.outside import Outside
from failover.rules.timing.instants import iso
from failover.use_cases.callers.commands import Answer, CommandRefused, OfAccount, OfApplication, OfEither

_FIELDS = {"account": "api_key", "application": "application_id"}


def account(outside: Outside, command: OfAccount) -> Item:
    """Return the account that a command names. Raises CommandRefused if there is none."""
    found = outside.callers.find_account(command.api_key)
    if found is None:
        raise CommandRefused("api_key: there is no such account")
    return found


def application(outside: Outside, command: OfApplication | OfEither) -> Item:
    """Return the application that a command names. Raises CommandRefused if the account does not have it."""
    account(outside, command)
    found = outside.callers.find_application(command.application_id) if command.application_id else None
    if found is None or found["account"] != command.api_key:
        raise CommandRefused("application_id: this account has no such application")
    return found


def either(outside: Outside, command: OfEither) -> Item:
    """Return the application that a command names, or else the account. Raises CommandRefused if there is none."""
    return account(outside, command) if command.application_id is None else application(outside, command)


def change(outside: Outside, known: Item, **changes: Any) -> None:
    """Change attributes; None removes one. Raises CommandRefused if another command was first."""
    try:
        outside.callers.replace(known, **changes)
    except Outdated:
        raise overtaken(_FIELDS[known["sk"]]) from None


def delete(outside: Outside, known: Item) -> Answer:
    """Raises CommandRefused if another command was first."""
    try:
        outside.callers.delete(known)
    except Outdated:
        raise overtaken(_FIELDS[known["sk"]]) from None
    _log(known, "deleted")
    return named(known)


def overtaken(field: str) -> CommandRefused:
    return CommandRefused(f"{field}: another command has changed it at the same time; send this one again")


def disable(outside: Outside, known: Item) -> Answer:
    """Disable an account or application, unless it is disabled. Raises as `change`."""
    disabled_at = known.get("disabled_at")
    if disabled_at is None:
        disabled_at = outside.now()
        change(outside, known, disabled_at=disabled_at)
        _log(known, "disabled")
    return {**named(known), "disabled_at": iso(disabled_at)}


def enable(outside: Outside, known: Item) -> Answer:
    """Enable an account or application, unless it is enabled. Raises as `change`."""
    if "disabled_at" in known:
        change(outside, known, disabled_at=None)
        _log(known, "enabled")
    return {**named(known), "disabled_at": None}


def _log(known: Item, what: str) -> None:
    _, _, known_id = known["pk"].partition("#")
    if known["sk"] == "account":
        logger.info(f"account {what}", api_key=known_id)
    else:
        logger.info(f"application {what}", application_id=known_id)


def named(known: Item) -> Answer:
    """{"api_key": …} of an account, {"application_id": …} of an application."""
    return {_FIELDS[known["sk"]]: known["pk"].partition("#")[2]}


def shown(known: Item) -> Answer:
    """An account or application without secrets, hashes and keys."""
    disabled_at = known.get("disabled_at")
    return {
        **named(known),
        "name": known["name"],
        "created_at": iso(known["created_at"]),
        "status_url": known.get("status_url"),
        "disabled_at": None if disabled_at is None else iso(disabled_at),
    }
