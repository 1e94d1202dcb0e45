"""Authentication of the sandbox: the credentials in the stack's own secret, in either form, as at the vendor."""

from typing import Any, Literal

from failover import problems
from failover.rules.callers import account_secrets, basic
from failover.rules.sending import vendor_credentials
from failover.rules.sending.vendor_credentials import UnusableCredentials

type Form = Literal["account", "application"]


def checked(secret: dict[str, Any], authorization: str | None, now: float) -> Form:
    """Which of the secret's credentials an `Authorization` header has, at `now` (seconds). Raises Problem (401)."""
    if not authorization:
        raise problems.Problem(problems.UNAUTHORIZED, "Request header 'Authorization' missing")
    scheme, _, token = authorization.strip().partition(" ")
    try:
        if scheme.lower() == "bearer":
            _check_token(secret, token.strip(), now)
            return "application"
        _check_basic(vendor_credentials.account(secret), authorization)
    except UnusableCredentials:  # the secret does not hold this form
        raise _unauthorized() from None
    return "account"


def _check_basic(account: vendor_credentials.Account, authorization: str) -> None:
    offered = basic.basic(authorization)
    if offered is None or offered[0] != account.api_key:
        raise _unauthorized()
    if not account_secrets.matches(offered[1], [account_secrets.hashed(account.api_secret)]):
        raise _unauthorized()


def _check_token(secret: dict[str, Any], token: str, now: float) -> None:
    from failover.adapters.sending import application_signature  # cryptography is slow to import, and Basic needs none
    from failover.rules.callers import application_token

    application = vendor_credentials.application(secret)
    try:
        if application_token.application_of(token) != application.application_id:
            raise _unauthorized()
        application_token.check(token, application_signature.public_key(application), now)
    except application_token.ExpiredToken:
        raise problems.Problem(problems.JWT_EXPIRED, "The token has expired.") from None
    except application_token.InvalidToken:
        raise _unauthorized() from None


def _unauthorized() -> problems.Problem:
    return problems.Problem(problems.UNAUTHORIZED, "You did not provide correct credentials.")
