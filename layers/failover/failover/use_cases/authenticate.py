"""Who is calling: Basic credentials of an account (contract, section 2)."""

from failover import problems
from failover.outside import Outside
from failover.rules import credentials

_UNAUTHORIZED = "You did not provide correct credentials."


def authenticate(outside: Outside, authorization: str | None) -> str:
    """The API key of the account behind an `Authorization` header. Raises Problem (401)."""
    refused = problems.Problem(
        problems.UNAUTHORIZED, _UNAUTHORIZED, headers={"WWW-Authenticate": 'Basic realm="Workflows API"'}
    )
    if not authorization:
        raise refused
    if "," in authorization:  # API Gateway joins repeated headers
        raise problems.Problem(problems.MULTIPLE_AUTH, "Send one Authorization header, with one method.")
    offered = credentials.basic(authorization)
    if offered is None or not credentials.is_api_key(offered[0]):
        raise refused
    api_key, secret = offered
    account = outside.store.find_account(api_key)
    if account is None or not credentials.matches(secret, account["secrets"]):
        raise refused
    return api_key
