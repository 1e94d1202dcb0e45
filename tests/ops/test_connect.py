"""`make connect`: the vendor's application and signature secret are stored, and a first account is created."""

import io
import json
import stat
import uuid

import pytest
from botocore.response import StreamingBody

from ops import connect as verb
from ops.connect import Application, connect, main
from ops.deployed import Deployed
from tests.messages_server import problem
from tests.ops.test_doctor import NAMED, secret, versions
from tests.tokens import KEY, private_pem
from tests.world import REGION

STACK = "workflows-prod"
APPLICATION = Application(str(uuid.uuid4()), private_pem(KEY), "signature-secret-of-the-vendor")
MADE = {"api_key": "abcd1234", "api_secret": "secret-of-the-account", "signature_secret": "signature-of-the-account"}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Where files with credentials go."""
    monkeypatch.setattr(verb, "FOLDER", tmp_path / "credentials")
    return tmp_path / "credentials"


def stack(messages, **parameters):
    given = {"Sandbox": "false", "MessagesUrl": messages.url, "MessagesVersion": "v1", **parameters}
    found = Deployed(STACK, REGION, "CREATE_COMPLETE", {"ApiUrl": "https://api.test/beta"}, given)
    found.__dict__["resources"] = {**NAMED, "Accounts": ("AWS::Lambda::Function", f"{STACK}-accounts")}
    return found


def expect_stored(stub, **previous):
    values = {
        "SignatureSecret": {"signature_secret": APPLICATION.signature_secret, **previous},
        "MessagesSecret": APPLICATION.messages,
    }
    for name, value in values.items():
        expected = {"SecretId": f"{STACK}/{name}", "SecretString": json.dumps(value)}
        stub("secretsmanager").add_response("put_secret_value", {}, expected)


def expect_account(stub, answer=MADE, **more):
    raw = json.dumps(answer).encode()
    expected = {
        "FunctionName": f"{STACK}-accounts",
        "Payload": json.dumps({"action": "create_account", "name": "first"}).encode(),
    }
    stub("lambda").add_response("invoke", {"Payload": StreamingBody(io.BytesIO(raw), len(raw)), **more}, expected)


def test_a_new_stack(stub, messages, folder):
    """Secrets are stored; the account's credentials are in a file that only its owner can read, and nowhere else."""
    messages.script.append(problem(422, "Invalid params"))
    versions(stub, "AWSCURRENT")
    expect_stored(stub)
    expect_account(stub)
    found = list(connect(stack(messages), APPLICATION, "first"))
    assert [one.verdict for one in found] == ["ok"] * 4
    file = folder / f"{STACK}.env"
    lines = dict(line.split("=", 1) for line in file.read_text().splitlines())
    assert lines == {
        "API_URL": "https://api.test",
        "API_KEY": MADE["api_key"],
        "API_SECRET": MADE["api_secret"],
        "SIGNATURE_SECRET": MADE["signature_secret"],
    }
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    private = (MADE["api_secret"], MADE["signature_secret"], APPLICATION.signature_secret, APPLICATION.private_key)
    assert not any(value in str(found) + repr(APPLICATION) for value in private)


def test_wrong_application(stub, messages, folder):
    """If the Messages API refuses the application, nothing is stored and no account is created."""
    messages.script.append(problem(401, "Unauthorized"))
    found = list(connect(stack(messages), APPLICATION, "first"))
    assert [one.verdict for one in found] == ["failure", "failure"]
    assert not folder.exists()


def test_again(stub, messages, folder):
    """A second run creates no second account."""
    folder.mkdir()
    (folder / f"{STACK}.env").write_text("API_KEY=mine\n")
    messages.script.append(problem(422, "Invalid params"))
    versions(stub, "AWSCURRENT", "AWSPREVIOUS")
    secret(stub, {"signature_secret": APPLICATION.signature_secret, "previous_signature_secret": "older"})
    expect_stored(stub, previous_signature_secret="older")
    assert [one.verdict for one in connect(stack(messages), APPLICATION, "first")] == ["ok"] * 4
    assert (folder / f"{STACK}.env").read_text() == "API_KEY=mine\n"


def test_another_signature_secret(stub, messages, folder):
    """The signature secret before stays valid: the vendor repeats callbacks for a day as it signed them first."""
    messages.script.append(problem(422, "Invalid params"))
    versions(stub, "AWSCURRENT", "AWSPREVIOUS")
    secret(stub, {"signature_secret": "before"})
    expect_stored(stub, previous_signature_secret="before")
    expect_account(stub)
    assert [one.verdict for one in connect(stack(messages), APPLICATION, "first")] == ["ok"] * 4


def test_no_account(stub, messages, folder):
    """If `accounts` fails, no file is written, so that the next run tries again."""
    expect_account(stub, {"errorType": "RegistrationFailed", "errorMessage": "private"}, FunctionError="Unhandled")
    (finding,) = connect(stack(messages, Sandbox="true"), None, "first")
    assert finding.verdict == "failure"
    assert "private" not in finding.text
    assert not (folder / f"{STACK}.env").exists()


def test_the_sandbox(stub, messages):
    """A stack with the sandbox gets an account and nothing else."""
    expect_account(stub)
    assert [one.verdict for one in connect(stack(messages, Sandbox="true"), None, "first")] == ["ok"]
    assert messages.requests == []


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (["", "", ""], "Id of the application at the vendor is missing"),
        (["id", "/no/such/file", ""], "cannot be read"),
        (["id", "{key}", ""], "Signature secret is missing"),
    ],
)
def test_missing_answers(monkeypatch, tmp_path, messages, capsys, answers, reason):
    """Without an answer nothing is stored, and the line says what is missing."""
    (tmp_path / "vendor.key").write_text("key")
    given = iter(answers)

    def answer(_question):
        return next(given).format(key=tmp_path / "vendor.key")

    monkeypatch.setattr("builtins.input", answer)
    monkeypatch.setattr("getpass.getpass", answer)
    monkeypatch.setattr(verb, "deployed", lambda _: stack(messages))
    assert main(["--stack", STACK]) == 2
    assert reason in capsys.readouterr().err


def test_no_stack(capsys):
    """Without a name no stack is taken."""
    assert main(["--stack", ""]) == 2
    assert "STACK=" in capsys.readouterr().err
