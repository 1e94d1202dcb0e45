"""`make connect`: the vendor's application and signature secret are stored, and a first account is created.

It may die anywhere, run twice and run twice at once.
"""

import json
import stat
import uuid
from datetime import timedelta

import boto3
import pytest

from failover.rules.callers import account_secrets
from ops import accounts, deployed
from ops import connect as verb
from ops.clients import client, invoking
from ops.connect import Application, RotationGoesOn, Stored, connect, main, signature
from ops.deployed import Deployed, InvocationFailed
from tests.messages_server import closed, http, problem
from tests.ops.conftest import during, no_answer
from tests.ops.test_doctor import NAMED
from tests.tokens import KEY, private_pem
from tests.world import REGION, unreachable

STACK = "workflows-prod"
APPLICATION = Application(str(uuid.uuid4()), private_pem(KEY), "signature-secret-of-the-vendor")
OUTPUTS = {**dict.fromkeys(deployed.OUTPUTS, "x"), "ApiUrl": "https://api.test/beta"}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Where files with credentials go."""
    monkeypatch.setattr(verb, "FOLDER", tmp_path / "credentials")
    return tmp_path / "credentials"


@pytest.fixture
def file(folder):
    return folder / f"{STACK}.env"


def stack(messages, **parameters):
    given = {"Sandbox": "false", "MessagesUrl": messages.url, "MessagesVersion": "v1", **parameters}
    found = Deployed(STACK, REGION, "CREATE_COMPLETE", OUTPUTS, given)
    found.__dict__["resources"] = {**NAMED, "Accounts": ("AWS::Lambda::Function", f"{STACK}-accounts")}
    return found


@pytest.fixture
def new_stack(aws_lambda, messages):
    """A stack whose secrets have their random first values, and a Messages API that accepts the application."""
    for name in NAMED:
        put(name, {"signature_secret": "random"}, create=True)
    messages.script += [problem(422, "Invalid params")] * 5
    return stack(messages)


@pytest.fixture
def sandbox(aws_lambda, messages):
    return stack(messages, Sandbox="true")


def put(logical_id, value, create=False):
    secrets, text = boto3.client("secretsmanager"), value if isinstance(value, str) else json.dumps(value)
    if create:
        secrets.create_secret(Name=f"{STACK}/{logical_id}", SecretString=text)
    else:
        secrets.put_secret_value(SecretId=f"{STACK}/{logical_id}", SecretString=text)


def stored(logical_id, **which):
    answer = boto3.client("secretsmanager").get_secret_value(SecretId=f"{STACK}/{logical_id}", **which)
    return json.loads(answer["SecretString"])


def verdicts(found):
    return [one.verdict for one in found]


def run(of, application=APPLICATION):
    """Connect; what is found, without the secrets that must not be in it."""
    found = list(connect(of, application, "first"))
    private = [APPLICATION.signature_secret, APPLICATION.private_key, "random", "private", "secret.test"]
    assert not any(value in str(found) + repr(APPLICATION) for value in private)
    return found


def lines(file):
    return dict(line.split("=", 1) for line in file.read_text().splitlines())


def test_a_new_stack(new_stack, aws_lambda, world, file):
    """Secrets are stored; the account's credentials are in a file that only its owner can read, and nowhere else."""
    found = run(new_stack)
    assert verdicts(found) == ["ok"] * 4
    assert stored("SignatureSecret") == {"signature_secret": APPLICATION.signature_secret}
    assert stored("MessagesSecret") == APPLICATION.messages
    made = lines(file)
    assert list(made) == ["API_URL", "API_KEY", "API_SECRET", "SIGNATURE_SECRET"]
    assert made["API_URL"] == "https://api.test"
    assert aws_lambda.accounts() == {made["API_KEY"]: "first"}
    kept = [one["hash"] for one in world.callers.find_account(made["API_KEY"])["secrets"]]
    assert account_secrets.matches(made["API_SECRET"], kept)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in file.parent.iterdir()] == [file.name]
    assert not any(made[name] in str(found) for name in ("API_SECRET", "SIGNATURE_SECRET"))


@pytest.mark.parametrize("answer", [problem(401, "Unauthorized"), http(500), http(429), closed])
def test_an_application_that_is_not_accepted(new_stack, aws_lambda, messages, folder, answer):
    """Unless the Messages API clearly accepts the application, nothing is stored and no account is created."""
    messages.script[:] = [answer]
    (found,) = run(new_stack)
    assert found.verdict == "failure"
    assert "Nothing was stored" in found.text
    assert stored("SignatureSecret") == stored("MessagesSecret") == {"signature_secret": "random"}
    assert (aws_lambda.actions, folder.exists()) == ([], False)


def test_a_stack_that_is_not_deployed(messages):
    """Without the outputs of a deployed stack, which the file needs, nothing is done."""
    found = Deployed(STACK, REGION, "CREATE_IN_PROGRESS", {}, {})
    (finding,) = connect(found, APPLICATION, "first")
    assert finding.verdict == "failure"
    assert "ApiUrl" in finding.text


def test_the_sandbox(sandbox, messages, file):
    """A stack with the sandbox gets an account and nothing else."""
    assert verdicts(run(sandbox, None)) == ["ok"]
    assert messages.requests == []
    assert lines(file)["API_KEY"]


# ---------------------------------------------------------------- again


def test_again(new_stack, aws_lambda, file):
    """A second run stores nothing, so the versions before stay, and creates no second account."""
    run(new_stack)
    before = (stored("SignatureSecret", VersionStage="AWSPREVIOUS"), file.read_text())
    found = run(new_stack)
    assert verdicts(found) == ["ok"] * 4
    assert all("already" in one.text for one in found[1:])
    assert (stored("SignatureSecret", VersionStage="AWSPREVIOUS"), file.read_text()) == before
    assert len(aws_lambda.accounts()) == 1


def test_the_file_of_another_stack(sandbox, aws_lambda, file):
    """A file of an account that this stack does not have, as after the stack was deleted, is not taken for its own."""
    run(sandbox, None)
    (api_key,) = aws_lambda.accounts()
    accounts.deleted(sandbox, api_key)
    before = file.read_text()
    (found,) = run(sandbox, None)
    assert found.verdict == "failure"
    assert "move the file away" in found.text
    assert (aws_lambda.accounts(), file.read_text()) == ({}, before)


def test_an_account_of_another_machine(sandbox, aws_lambda, file):
    """If an account of that name exists, and its file does not, no other is created. Its key is named."""
    created = [accounts.created(sandbox, name)["api_key"] for name in ("first", "second")]
    (found,) = run(sandbox, None)
    assert found.verdict == "warning"
    assert created[0] in found.text
    assert set(aws_lambda.accounts()) == set(created)
    assert not file.exists()


def test_many_accounts(sandbox, aws_lambda, monkeypatch):
    """The account is found on any page of the list."""
    monkeypatch.setattr(accounts, "_MOST_AT_ONCE", 1)
    for name in ("a", "first", "b"):
        accounts.created(sandbox, name)
    assert verdicts(run(sandbox, None)) == ["warning"]


# ---------------------------------------------------------------- the signature secret during a rotation

NOW, LATER = timedelta(hours=1), timedelta(hours=26)


@pytest.mark.parametrize(
    ("value", "age", "expected"),
    [
        ({}, NOW, {"signature_secret": "new"}),
        ({"signature_secret": 5}, NOW, {"signature_secret": "new"}),
        ({"signature_secret": "new"}, NOW, {"signature_secret": "new"}),
        ({"signature_secret": "old"}, NOW, {"signature_secret": "new", "previous_signature_secret": "old"}),
        (
            {"signature_secret": "new", "previous_signature_secret": "older"},
            LATER,
            {"signature_secret": "new", "previous_signature_secret": "older"},
        ),
        (
            {"signature_secret": "old", "previous_signature_secret": "new"},
            NOW,
            {"signature_secret": "new", "previous_signature_secret": "old"},
        ),
        (
            {"signature_secret": "old", "previous_signature_secret": "older"},
            LATER,
            {"signature_secret": "new", "previous_signature_secret": "old"},
        ),
        (
            {"signature_secret": "old", "note": "ours"},
            NOW,
            {"signature_secret": "new", "note": "ours", "previous_signature_secret": "old"},
        ),
    ],
)
def test_previous(value, age, expected):
    """The secret before stays valid, since the vendor repeats callbacks for a day as it signed them first."""
    assert signature(Stored(value, age), "new") == expected


def test_a_third_signature_secret(new_stack, aws_lambda):
    """While the one before may still be needed, a third one is not stored: the first of the three would be lost."""
    with pytest.raises(RotationGoesOn):
        signature(Stored({"signature_secret": "old", "previous_signature_secret": "older"}, NOW), "new")
    value = {"signature_secret": "mistyped", "previous_signature_secret": "the vendor's"}
    put("SignatureSecret", value)
    found = run(new_stack)
    assert verdicts(found) == ["ok", "failure"]
    assert "docs/operations.md" in found[-1].text
    assert stored("SignatureSecret") == value
    assert stored("MessagesSecret") == {"signature_secret": "random"}
    assert aws_lambda.actions == []


def test_the_secret_before(new_stack):
    """One that was stored by hand becomes the previous; the random first one does not."""
    put("SignatureSecret", {"signature_secret": "before"})
    assert verdicts(run(new_stack)) == ["ok"] * 4
    expected = {"signature_secret": APPLICATION.signature_secret, "previous_signature_secret": "before"}
    assert stored("SignatureSecret") == expected


@pytest.mark.parametrize("value", ["pasted without JSON", "[]"])
def test_a_secret_that_cannot_be_read(new_stack, value):
    """A value that no function can read is replaced."""
    put("SignatureSecret", value)
    assert verdicts(run(new_stack)) == ["ok"] * 4
    assert stored("SignatureSecret") == {"signature_secret": APPLICATION.signature_secret}


def test_two_runs_store_at_once(new_stack, aws_lambda):
    """If another run stores a secret at the same time, this one says so, in whatever order the two are."""

    def other(**_):
        secrets.meta.events.unregister("before-call.secrets-manager.PutSecretValue", other)
        put("SignatureSecret", {"signature_secret": "of another run"})

    put("SignatureSecret", {"signature_secret": "before"})
    secrets = client("secretsmanager", REGION)
    secrets.meta.events.register_first("before-call.secrets-manager.PutSecretValue", other)
    found = run(new_stack)
    assert verdicts(found) == ["ok", "failure"]
    assert "at the same time" in found[-1].text
    assert aws_lambda.actions == []


# ---------------------------------------------------------------- it dies, or gets no answer


@pytest.mark.parametrize("first", [0, 1])
def test_aws_is_out_of_reach(new_stack, file, first):
    """What was not stored is a failure, and the next run stores it: also after the first of the two secrets."""
    works_again = unreachable(client("secretsmanager", REGION), "secrets-manager.PutSecretValue", first)
    found = run(new_stack)
    assert verdicts(found) == ["ok"] * (1 + first) + ["failure"]
    assert "EndpointConnectionError" in found[-1].text
    works_again()
    assert verdicts(run(new_stack)) == ["ok"] * 4
    assert stored("SignatureSecret") == {"signature_secret": APPLICATION.signature_secret}
    assert stored("MessagesSecret") == APPLICATION.messages
    assert file.exists()


def test_no_account(sandbox, aws_lambda, file):
    """If `accounts` fails, there is no file, and the next run tries again."""
    aws_lambda.before = during("create_account", no_answer())
    (found,) = run(sandbox, None)
    assert found.verdict == "failure"
    assert list(file.parent.iterdir()) == []
    aws_lambda.before = lambda _: None
    assert verdicts(run(sandbox, None)) == ["ok"]


@pytest.mark.parametrize("end", [no_answer(), KeyboardInterrupt()])
def test_an_account_without_a_file(sandbox, aws_lambda, file, end):
    """If the process ends, or the answer is lost, after the account was created, the next run names its key.

    It creates no second account, until that one is deleted.
    """
    aws_lambda.after = during("create_account", end)
    try:
        assert verdicts(run(sandbox, None)) == ["failure"]
    except KeyboardInterrupt:
        assert isinstance(end, KeyboardInterrupt)
    (api_key,) = aws_lambda.accounts()
    assert list(file.parent.iterdir()) == []
    (found,) = run(sandbox, None)
    assert (found.verdict, api_key in found.text) == ("warning", True)
    aws_lambda.after = lambda _: None
    accounts.deleted(sandbox, api_key)
    assert verdicts(run(sandbox, None)) == ["ok"]


def test_two_runs_create_at_once(sandbox, aws_lambda, file):
    """While one run creates the account, another on the same machine creates none, and does not replace its file."""
    others = []

    def other(action):
        if action == "create_account":
            aws_lambda.before = lambda _: None
            others.extend(run(sandbox, None))

    aws_lambda.before = other
    assert verdicts(run(sandbox, None)) == ["ok"]
    assert verdicts(others) == ["failure"]
    assert aws_lambda.accounts() == {lines(file)["API_KEY"]: "first"}


def test_a_file_that_cannot_be_written(sandbox, aws_lambda, file, monkeypatch):
    """Then no account is created."""
    file.parent.write_text("a file where the folder should be")
    assert verdicts(run(sandbox, None)) == ["failure"]
    file.parent.unlink()

    def read_only(_path, _content):
        raise PermissionError

    monkeypatch.setattr(verb, "write_private", read_only)
    assert verdicts(run(sandbox, None)) == ["failure"]
    assert aws_lambda.accounts() == {}


def test_a_disk_that_is_full(sandbox, aws_lambda, file, monkeypatch):
    """If only the credentials cannot be written, the account is named, so that it can be deleted."""
    write = verb.write_private

    def full(path, content):
        if content:
            raise OSError(28, "No space left on device")
        write(path, content)

    monkeypatch.setattr(verb, "write_private", full)
    (found,) = run(sandbox, None)
    (api_key,) = aws_lambda.accounts()
    assert (found.verdict, api_key in found.text) == ("failure", True)
    assert list(file.parent.iterdir()) == []


def test_a_function_is_called_once(messages, monkeypatch):
    """A call without an answer is not repeated: it would create another account, whose secret is lost."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", messages.url)
    invoking.cache_clear()
    messages.script += [closed] * 5
    with pytest.raises(InvocationFailed, match="Accounts failed: ConnectionClosedError"):
        accounts.created(stack(messages), "first")
    invoking.cache_clear()
    assert len(messages.requests) == 1


# ---------------------------------------------------------------- what the operator is asked for


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
