"""Are the credentials at the Messages API valid? Asked with a message that cannot be sent.

The message is empty: it has no recipient and no channel. An answer 401 refuses the credentials; an answer about the
message (422, or 400 of v0.1) shows that the Messages API has read it, and so accepted them. It is not documented that
it checks credentials before the message, so this is evidence, not proof: `doctor` with a recipient sends a real one.
"""

import time
from typing import Any

import requests

from failover.adapters.sending import application_signature
from failover.rules.sending import vendor_credentials
from failover.rules.sending.refusals import refused
from failover.rules.sending.vendor_credentials import Account, UnusableCredentials
from ops.http import call, document
from ops.report import Finding, failure, ok, warning

SUBJECT = "Messages API"


def credentials(url: str, version: str, secret: dict[str, Any]) -> Finding:
    """Ask the Messages API at `url` about the credentials in the secret."""
    try:
        read = vendor_credentials.read(secret)
        if isinstance(read, Account):
            kind, authorization = "API key", read.authorization
        else:
            kind, authorization = "application", application_signature.authorization(read, time.time())
    except UnusableCredentials as error:
        return failure(SUBJECT, f"the secret has no usable credentials: {error}")
    try:
        answer = call("POST", f"{url}/{version}/messages", json={}, headers={"Authorization": authorization})
    except requests.RequestException as error:
        return failure(SUBJECT, f"no answer ({type(error).__name__}): check MessagesUrl and the network")
    return of_answer(answer.status_code, document(answer), kind)


def of_answer(status: int, body: dict[str, Any], kind: str) -> Finding:
    """What an answer to an empty message says about the credentials. `kind`: of credentials."""
    if status == 404:
        return failure(SUBJECT, "404: MessagesUrl leads to something else")
    if not 400 <= status < 500 or status in (408, 429):
        return warning(SUBJECT, f"HTTP {status} to an empty message says nothing: try again")
    match refused(status, body).scope:
        case "credentials":
            return failure(SUBJECT, f"HTTP {status}: it refuses the {kind}; store the right one, by make connect")
        case "account":
            return failure(SUBJECT, f"HTTP {status}: the whole account is refused; see its balance and state there")
        case "message":
            found = f"it accepts the {kind}, and refused an empty message ({status}), as it should"
            if kind == "API key":
                return warning(SUBJECT, f"{found}. An API key may get no statuses: use an application")
            return ok(SUBJECT, found)
