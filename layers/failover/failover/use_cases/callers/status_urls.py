"""Set and remove the `status_url` of an account or application."""

from failover.observability import logger
from failover.outside import Outside
from failover.rules.webhooks import webhook_url
from failover.use_cases.callers import registered
from failover.use_cases.callers.commands import Answer, CommandRefused, OfEither, Url


class SetStatusUrl(OfEither):
    status_url: Url


def set_url(outside: Outside, command: SetStatusUrl) -> Answer:
    return _change(outside, command, checked(outside, command.status_url))


def remove(outside: Outside, command: OfEither) -> Answer:
    return _change(outside, command, None)


def _change(outside: Outside, command: OfEither, url: str | None) -> Answer:
    known = registered.either(outside, command)
    registered.change(outside, known, status_url=url)
    name = registered.named(known)
    logger.info("status URL changed", api_key=name.get("api_key"), application_id=name.get("application_id"))
    return {**name, "status_url": url}


def checked(outside: Outside, url: str) -> str:
    """Return a URL that webhooks can go to. Raises CommandRefused."""
    if fault := webhook_url.fault(url, loopback=outside.settings.loopback_webhooks):
        raise CommandRefused(f"status_url: {fault}")
    return url
