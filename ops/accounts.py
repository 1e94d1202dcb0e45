"""The stack's accounts, by the commands of its function `accounts` (docs/operations.md, Accounts and applications)."""

from collections.abc import Iterator
from typing import Any

from ops.deployed import Deployed

_MOST_AT_ONCE = 100


def created(stack: Deployed, name: str) -> dict[str, str]:
    """Create an account: `api_key`, and the only copy of `api_secret` and `signature_secret`.

    Raises InvocationFailed. Then it may have been created nevertheless: look for its name.
    """
    return stack.invoke("Accounts", {"action": "create_account", "name": name})


def listed(stack: Deployed) -> Iterator[dict[str, Any]]:
    """Every account: `api_key`, `name`, `created_at`. Raises InvocationFailed."""
    asked: dict[str, Any] = {"action": "list_accounts", "limit": _MOST_AT_ONCE}
    while True:
        page = stack.invoke("Accounts", asked)
        yield from page["accounts"]
        if page["cursor"] is None:
            return
        asked["cursor"] = page["cursor"]


def shown(stack: Deployed, api_key: str) -> dict[str, Any]:
    """One account. Raises InvocationFailed, also if there is none."""
    return stack.invoke("Accounts", {"action": "show_account", "api_key": api_key})


def deleted(stack: Deployed, api_key: str) -> None:
    """Disable and delete an account that has no applications. Raises InvocationFailed."""
    for action in ("disable_account", "delete_account"):
        stack.invoke("Accounts", {"action": action, "api_key": api_key})
