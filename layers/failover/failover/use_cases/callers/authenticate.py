"""Identify the caller by an account's Basic credentials or an application's token (docs/api.md, "Authentication")."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from failover import problems
from failover.observability import logger
from failover.outside import Outside
from failover.rules.callers import account_secrets, basic
from failover.rules.formats import ids
from failover.rules.formats.stored import checked

_UNAUTHORIZED = "You did not provide correct credentials."
_NO_HEADER = "You did not send an Authorization header."


@dataclass(frozen=True)
class Caller:
    account: str
    """The API key."""
    application: str | None = None
    """The application whose token was used."""
    status_url: str | None = None
    """Of the application, or of the account if its secret was used: where webhooks go without a `webhook_url`."""
    workflows_per_second: int | None = None
    """The account's own limit. None: the stack's."""


def authenticate(outside: Outside, authorization: str | None) -> Caller:
    """The caller behind an `Authorization` header. Raises Problem (401)."""
    if not authorization:
        raise _unauthorized(_NO_HEADER)
    if "," in authorization:  # API Gateway joins repeated headers
        raise problems.Problem(problems.MULTIPLE_AUTH, "Send one Authorization header, with one method.")
    scheme, _, rest = authorization.strip().partition(" ")
    if scheme.lower() == "bearer":
        return _by_token(outside, rest.strip())
    return _by_secret(outside, authorization)


def _by_secret(outside: Outside, authorization: str) -> Caller:
    offered = basic.basic(authorization)
    if offered is None or not ids.is_api_key(offered[0]):
        raise _unauthorized()
    api_key, secret = offered
    account = outside.callers.find_account(api_key)
    if account is None or not account_secrets.matches(secret, account_secrets.valid(account["secrets"], outside.now())):
        raise _unauthorized()
    if "disabled_at" in account:
        logger.info("credentials refused: the account is disabled", api_key=api_key)
        raise _unauthorized()
    return Caller(api_key, status_url=account.get("status_url"), workflows_per_second=_limit(account))


def _by_token(outside: Outside, token: str) -> Caller:
    from failover.rules.callers import application_token  # imports cryptography, which is slow and not needed for Basic

    try:
        application_id = application_token.application_if_valid(token, outside.now() / 1000)
        application = outside.callers.find_application(application_id) if ids.is_id(application_id) else None
        if application is None:
            raise application_token.InvalidToken("unknown application")
        if "disabled_at" in application:
            raise application_token.InvalidToken("the application is disabled")
        application_token.check(token, application["public_key"], outside.now() / 1000)
        account = outside.callers.find_account(application["account"])
        if account is None or "disabled_at" in account:
            raise application_token.InvalidToken("the account is disabled or gone")
    except application_token.ExpiredToken as error:
        raise problems.Problem(problems.JWT_EXPIRED, str(error), headers=_CHALLENGE) from None
    except application_token.FaultyToken as error:
        logger.info("token refused", reason=str(error))
        raise problems.Problem(problems.UNAUTHORIZED, str(error), headers=_CHALLENGE) from None
    except application_token.InvalidToken as error:
        logger.info("token refused", reason=str(error))
        raise _unauthorized() from None
    return Caller(application["account"], application_id, application.get("status_url"), _limit(account))


def _limit(account: Mapping[str, Any]) -> int | None:
    limit: int | None = checked(account, "workflows_per_second", int, None)
    return limit


_CHALLENGE = {"WWW-Authenticate": 'Basic realm="Workflows API", Bearer realm="Workflows API"'}


def _unauthorized(detail: str = _UNAUTHORIZED) -> problems.Problem:
    return problems.Problem(problems.UNAUTHORIZED, detail, headers=_CHALLENGE)
