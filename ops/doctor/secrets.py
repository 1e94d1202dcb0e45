"""The stack's secrets are set and usable. None is printed."""

from collections.abc import Iterator

from ops import vendor as messages_api
from ops.deployed import Deployed, never_replaced
from ops.report import Finding, failure, ok

NEEDED = {"SignatureSecret": "signature_secret", "WebhookSecret": "signing_key", "RecipientSecret": "hashing_key"}
"""Logical id → the field that the functions read."""
_OWN = ("WebhookSecret", "RecipientSecret")
"""Secrets of the stack's own. Under a new value, no signature of a webhook fits, and no earlier recipient is found."""
_GENERATED = {"MessagesSecret": "the credentials at the vendor", "SignatureSecret": "the vendor's signature secret"}
"""Secrets that the stack fills with a random value, which only the sandbox accepts."""


def secrets(stack: Deployed) -> Iterator[Finding]:
    for name, field in NEEDED.items():
        if name not in stack.resources:
            continue  # of a later release than the stack's
        try:
            value = stack.secret(name).get(field)
        except ValueError:
            value = None
        if not isinstance(value, str) or not value:
            what = "make its version before current again" if name in _OWN else "store it again"
            yield failure("secrets", f"{stack.physical(name)} is no JSON object with {field}: {what}")
            continue
        yield ok("secrets", f"{stack.physical(name)} has {field}")
    if stack.sandbox:
        return
    for name, meaning in _GENERATED.items():
        if never_replaced(stack.versions(name)):
            yield failure("secrets", f"{stack.physical(name)} still has its random first value: store {meaning}")


def vendor(stack: Deployed, url: str) -> Iterator[Finding]:
    """Ask the Messages API about the credentials, with a message that cannot be sent."""
    try:
        secret = stack.secret("MessagesSecret")
    except ValueError:
        yield failure(messages_api.SUBJECT, f"{stack.physical('MessagesSecret')} is no JSON object: store it again")
        return
    at = f"{url}/sandbox" if stack.sandbox else stack.parameters["MessagesUrl"].rstrip("/")
    finding = messages_api.credentials(at, stack.parameters["MessagesVersion"], secret)
    yield ok(finding.subject, "the sandbox knows the stack's credentials") if _of_sandbox(stack, finding) else finding


def _of_sandbox(stack: Deployed, finding: Finding) -> bool:
    """In the sandbox an API key is as good as an application."""
    return stack.sandbox and finding.verdict != "failure" and "accepts" in finding.text
