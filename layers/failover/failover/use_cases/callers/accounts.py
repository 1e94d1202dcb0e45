"""Create, show, disable and delete accounts."""

from typing import Annotated

from failover.adapters import callers
from failover.adapters.table import Item
from failover.observability import logger
from failover.outside import Outside
from failover.rules.callers import account_secrets
from failover.rules.channels.kinds import Whole
from failover.rules.requests import limits
from failover.rules.requests.models import Of
from failover.rules.timing.instants import iso
from failover.use_cases.callers import registered, status_urls
from failover.use_cases.callers.commands import OPTIONAL, Answer, Command, CommandRefused, Id, Name, OfAccount, Url
from failover.use_cases.callers.rotations import signature_secret

_DEFAULT_LIMIT = 20


class CreateAccount(Command):
    name: Name
    status_url: Annotated[Url | None, OPTIONAL] = None


class ListAccounts(Command):
    limit: Annotated[int, Of(Whole(1, callers.MOST_AT_ONCE, "accounts")), OPTIONAL] = _DEFAULT_LIMIT
    cursor: Annotated[Id | None, OPTIONAL] = None


class SetLimit(OfAccount):
    workflows_per_second: Annotated[int, Of(Whole(0, limits.MOST_PER_SECOND, "workflows"))] | None


def create(outside: Outside, command: CreateAccount) -> Answer:
    api_key, secret = callers.new_api_key(), callers.new_secret()
    account = {"name": command.name, "secrets": [account_secrets.kept(secret)], "created_at": outside.now()}
    if command.status_url is not None:
        account["status_url"] = status_urls.checked(outside, command.status_url)
    created = {"api_key": api_key, "api_secret": secret, "signature_secret": signature_secret(outside, api_key, 1)}
    outside.callers.add_account(api_key, account)
    logger.info("account created", api_key=api_key)
    return created


def list_page(outside: Outside, command: ListAccounts) -> Answer:
    page, cursor = outside.callers.accounts(command.limit, command.cursor)
    return {"accounts": [_shown(account) for account in page], "cursor": cursor}


def show(outside: Outside, command: OfAccount) -> Answer:
    account = registered.account(outside, command)
    expiries = account_secrets.expiries(account["secrets"], outside.now())
    return {
        **_shown(account),
        "secrets": [{"expires_at": None if at is None else iso(at)} for at in expiries],
        "applications": [registered.shown(one) for one in outside.callers.applications(command.api_key)],
    }


def _shown(account: Item) -> Answer:
    return {**registered.shown(account), "workflows_per_second": account.get("workflows_per_second")}


def set_limit(outside: Outside, command: SetLimit) -> Answer:
    """Give an account a limit of its own, or, with None, the stack's again."""
    limit = command.workflows_per_second
    registered.change(outside, registered.account(outside, command), workflows_per_second=limit)
    logger.info("limit set", api_key=command.api_key)
    return {"api_key": command.api_key, "workflows_per_second": limit}


def disable(outside: Outside, command: OfAccount) -> Answer:
    return registered.disable(outside, registered.account(outside, command))


def enable(outside: Outside, command: OfAccount) -> Answer:
    return registered.enable(outside, registered.account(outside, command))


def delete(outside: Outside, command: OfAccount) -> Answer:
    """Delete an account that is disabled and has no applications, so that a mistyped key does no harm."""
    account = registered.account(outside, command)
    if "disabled_at" not in account:
        raise CommandRefused("api_key: the account is enabled; disable it first")
    if outside.callers.applications(command.api_key):
        raise CommandRefused("api_key: the account has applications; delete them first")
    return registered.delete(outside, account)
