"""Sending with an application's credentials: a signed token for each request, and credentials that change."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace

import boto3
import jwt
import pytest

from failover.adapters.secrets import UnusableSecret
from failover.edges import task_edge
from failover.edges.task_edge import TaskFailed
from failover.rules.callers import application_token
from failover.rules.sending.vendor_credentials import UnusableCredentials
from failover.use_cases.sending.send import send
from tests import messages_server as server
from tests.examples import ID
from tests.functions.conftest import sent_step, waits_until
from tests.tokens import KEY, OTHER_KEY, private_pem, public_pem
from tests.world import CREDENTIALS, ROOT, later

APPLICATION = {"application_id": "78d335fa-323d-0114-9c3d-d6f0d48968cf", "private_key": private_pem(KEY)}
OTHER = {"application_id": "0e4ff4f6-6d5f-4e5c-9e9a-8a5b8a3f1c11", "private_key": private_pem(OTHER_KEY)}


def hold(secret):
    """Write this value to the secret `messages`."""
    text = secret if isinstance(secret, str) else json.dumps(secret)
    boto3.client("secretsmanager").put_secret_value(SecretId="messages", SecretString=text)


def tokens(messages):
    """The claims of each request's token, verified as the vendor would verify it now."""
    said = []
    for request in messages.requests:
        scheme, _, token = request.headers["authorization"].partition(" ")
        assert scheme == "Bearer"
        assert jwt.get_unverified_header(token) == {"alg": "RS256", "typ": "JWT"}
        assert application_token.application_of(token) == APPLICATION["application_id"]
        application_token.check(token, public_pem(KEY), time.time())
        said.append(jwt.decode(token, options={"verify_signature": False}))
    return said


@pytest.mark.decision("Credentials for the Messages API")
@pytest.mark.parametrize("version", ["v1", "v0.1"])
def test_token(world, stored, messages, outside, version):
    """With an application in the secret, a request of either version carries a token signed with its key."""
    outside.settings = replace(outside.settings, messages_version=version)
    hold(APPLICATION)
    assert sent_step(world, outside).phase == "sent"
    (claims,) = tokens(messages)
    assert messages.requests[0].path == f"/{version}/messages"
    assert set(claims) == {"application_id", "iat", "exp", "jti"}
    assert claims["exp"] - claims["iat"] == 900
    assert claims["iat"] <= time.time() - 55


def test_a_token_for_each_request(world, stored, messages, outside):
    """A request repeated after 503 carries a new token, because a `jti` is valid once."""
    hold(APPLICATION)
    messages.script = [server.http(503), server.http(429), server.accepted()]
    waits_until(outside, "messenger")
    waits_until(outside, "messenger")
    assert sent_step(world, outside).phase == "sent"
    assert len({claims["jti"] for claims in tokens(messages)}) == 3


def test_neither_key_nor_token_is_logged(world, stored, messages, outside, output):
    """I8: neither the key nor a token is written to the log."""
    hold(APPLICATION)
    sent_step(world, outside)
    written = output()
    assert written
    assert [secret for secret in ("eyJ", "Bearer", "PRIVATE", "MII") if secret in written] == []


def test_both_forms(world, stored, messages, outside):
    """If the secret has both forms, the application is used."""
    hold({**CREDENTIALS, **APPLICATION})
    sent_step(world, outside)
    assert len(tokens(messages)) == 1


def test_line_ends_as_pasted(world, stored, messages, outside):
    """A secret whose key contains raw line breaks is read, although that is not valid JSON."""
    key = APPLICATION["private_key"]
    hold(f'{{"application_id": "{APPLICATION["application_id"]}", "private_key": "{key}"}}')
    sent_step(world, outside)
    assert len(tokens(messages)) == 1


def kinds(messages):
    return [request.headers["authorization"].partition(" ")[0] for request in messages.requests]


@pytest.mark.parametrize(
    ("before", "after", "asked_with"),
    [
        (CREDENTIALS, APPLICATION, ["Basic", "Bearer"]),
        (APPLICATION, CREDENTIALS, ["Bearer", "Basic"]),
        (OTHER, APPLICATION, ["Bearer", "Bearer"]),
    ],
    ids=["to an application", "to an account", "another key"],
)
def test_changed_under_way(world, stored, messages, outside, before, after, asked_with):
    """F7, F20: after a refusal the secret is read again, and the message goes out with the new credentials."""
    hold(before)
    outside.messages("https://api.test/beta").prepare({})
    hold(after)
    later(outside.messages_secret, 20)
    messages.script = [server.problem(401, "Unauthorized"), server.accepted()]
    assert sent_step(world, outside).phase == "sent"
    assert kinds(messages) == asked_with
    assert len({request.headers["authorization"] for request in messages.requests}) == 2


@pytest.mark.parametrize("after", ["{}", "[]", "{", json.dumps({**APPLICATION, "private_key": "x"})])
def test_changed_into_nothing_usable(world, stored, messages, outside, after):
    """F7: if the new credentials cannot be used, the refusal is kept and nothing is lost."""
    hold(APPLICATION)
    outside.messages("https://api.test/beta").prepare({})
    hold(after)
    later(outside.messages_secret, 20)
    messages.script = [server.problem(401, "Unauthorized")]
    assert sent_step(world, outside).state == "refused"
    assert len(messages.requests) == 1


@pytest.mark.parametrize(
    "private_key", ["x", private_pem(KEY).replace("MII", "AAA", 1), public_pem(KEY)], ids=["no PEM", "spoilt", "public"]
)
def test_a_key_that_cannot_sign_claims_nothing(world, stored, messages, outside, private_key):
    """F3: a key that cannot sign is detected before the claim, so no step is lost."""
    hold({**APPLICATION, "private_key": private_key})
    with pytest.raises(UnusableCredentials, match="private_key"):
        send(outside, "messenger", ID, 0)
    assert (world.read(ID).steps[0].phase, messages.requests) == ("pending", [])


def test_what_is_wrong_is_logged(world, stored, messages, outside, output):
    """I8: the log names the faulty field and no value, and `unexpected-failures` goes off."""
    hold({"application_id": "78d335fa", "private_key": "-----BEGIN PRIVATE KEY-----hidden"})
    with pytest.raises(TaskFailed) as failed, task_edge.guarded(ID):
        send(outside, "messenger", ID, 0)
    written = output()
    assert "private_key is not in PEM" in written
    assert "UnexpectedFailures" in written
    assert "hidden" not in written + str(failed.value)


@pytest.mark.parametrize(
    ("answer", "counted"),
    [(server.accepted(), 1), (server.problem(422, "Invalid params"), 0), (server.http(500), 0)],
    ids=["accepted", "refused", "unknown"],
)
def test_accepted_messages_are_counted(world, stored, messages, outside, output, answer, counted):
    """Only accepted messages are counted, since `receipts-missing` compares them with the callbacks received."""
    messages.script = [answer]
    sent_step(world, outside)
    written = output()
    assert written.count('"MessagesAccepted":[1.0]') == counted
    assert written.count('"GenuineReceipts":[0.0]') == counted, "the alarm needs a first value to compare"


@pytest.mark.parametrize("text", ["[]", '"s3cret"', "{", "7"])
def test_no_json_object(world, outside, text):
    """The error for a secret that is not a JSON object says so and does not quote it."""
    hold(text)
    with pytest.raises(UnusableSecret, match=r"the secret is not a JSON object$"):
        outside.messages_secret.value()


STARTED = """
import sys
sys.path[:0] = ["layers/failover", "functions/send_sms"]
import app, failover.adapters.sending.messages, failover.adapters.workflow.store
class Secret:
    def value(self): return {"api_key": "a", "api_secret": "b"}
failover.adapters.sending.messages.MessagesApi("https://api.test", "v1", Secret()).prepare({})
print(sorted({"jwt", "cryptography"} & sys.modules.keys()))
"""


def test_basic_does_not_pay_for_cryptography(world):
    """A send with an account's credentials imports neither PyJWT nor cryptography, which would slow its cold start."""
    command = [sys.executable, "-c", STARTED]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    assert answer.stdout.splitlines()[-1] == "[]"


IMPORTED = """
import sys
sys.path.insert(0, "layers/failover")
for folder in sys.argv[1:]:
    sys.path.insert(0, f"functions/{folder}")
    sys.modules.pop("app", None)
    import app
    print(folder, "pydantic" in sys.modules)
    del sys.path[0]
"""


def test_few_pay_for_pydantic():
    """Only functions that validate requests, messages or commands import pydantic, whose import is slow."""
    folders = {path.name for path in (ROOT / "functions").iterdir()}
    others = sorted(folders - {"workflows_api", "accounts", "erasure", "sandbox_messages"})
    command = [sys.executable, "-c", IMPORTED, *others]
    environment = os.environ | {"AWS_DEFAULT_REGION": "eu-west-1"}
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120, env=environment)
    assert answer.stdout.splitlines() == [f"{folder} False" for folder in others]
