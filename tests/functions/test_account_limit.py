"""The limits of an account: workflows that it creates, and summaries that it requests (F44)."""

import json
import threading

import pytest

from failover.outside import Outside
from failover.problems import Problem
from failover.use_cases.callers.authenticate import Caller
from failover.use_cases.callers.commands import CommandRefused
from failover.use_cases.callers.register import COMMANDS
from failover.use_cases.requests.accept import Posted, accept
from tests.conftest import at_once, one_write_at_a_time
from tests.described import check
from tests.examples import MESSENGER, NOW, SMS, request
from tests.tokens import token
from tests.world import body_of, calls_of, load, unreachable

LIMIT = 3
BURST = 2 * LIMIT


@pytest.fixture
def app(world, monkeypatch):
    """The API of a stack with a limit, whose clock stands still."""
    monkeypatch.setenv("ACCOUNT_WORKFLOWS_PER_SECOND", str(LIMIT))
    app = load("workflows_api")
    app.outside.now = lambda: NOW
    return app


@pytest.fixture
def at(app):
    """Set the clock to so many milliseconds after NOW."""

    def at(milliseconds):
        app.outside.now = lambda: NOW + milliseconds

    return at


@pytest.fixture
def post(call):
    def post(body=None, path="/workflows", **headers):
        return call("POST", path, body or request(SMS), **headers)

    return post


@pytest.fixture
def posted(post):
    """The statuses of so many POSTs."""
    return lambda many, **headers: [post(**headers)["statusCode"] for _ in range(many)]


def set_limit(world, limit, **more):
    return COMMANDS.carry_out(
        Outside(), {"action": "set_limit", "api_key": world.api_key, "workflows_per_second": limit, **more}
    )


def workflows(world):
    return [item for item in world.items() if item["sk"]["S"] == "state"]


def test_limit_and_burst(world, at, posted):
    """An account may create two seconds' worth at once, then its limit in each second, and saves up no more."""
    assert posted(BURST + 2) == [202] * BURST + [429] * 2
    at(1000)
    assert posted(LIMIT + 1) == [202] * LIMIT + [429]
    at(1_000_000)
    assert posted(BURST + 1) == [202] * BURST + [429]
    assert len(workflows(world)) == BURST + LIMIT + BURST


@pytest.mark.decision("Too many workflows of one account")
def test_refused(world, post, posted, output):
    """A POST over the limit gets 429 in the usual shape, with the limit and `Retry-After`; nothing is stored."""
    posted(BURST)
    output()
    before = world.items()
    answer = post()
    problem = body_of(answer)
    check("Problem", problem)
    assert answer["statusCode"] == 429
    assert problem["type"].endswith("#rate-limited")
    assert problem["detail"] == "This account may create 3 workflows per second, and 6 at once."
    assert answer["multiValueHeaders"]["Retry-After"] == ["1"]
    assert world.items() == before
    said = output()
    assert said.count('"WorkflowsLimited":[1.0]') == said.count("limit used up") == said.count(world.api_key) == 1


def test_retry_after_is_true(at, post, posted):
    """`Retry-After` seconds after a refusal a POST is accepted."""
    posted(BURST)
    refused = post()
    assert refused["statusCode"] == 429
    at(int(*refused["multiValueHeaders"]["Retry-After"]) * 1000)
    assert post()["statusCode"] == 202


def test_retry_after_at_a_lower_limit(world, at, post, posted):
    """The same if the limit was just lowered to the lowest."""
    posted(BURST)
    set_limit(world, 1)
    assert post()["statusCode"] == 429
    at(1000)
    assert post()["statusCode"] == 202


def test_two_accounts(posted, stranger):
    """An account that has used up its limit takes nothing from another one."""
    assert posted(BURST + 1)[-1] == 429
    assert posted(BURST + 1, Authorization=stranger) == [202] * BURST + [429]


def test_its_applications_share_it(posted, application):
    """The limit is the account's: its secret and its applications' tokens share it."""
    assert posted(BURST) == [202] * BURST
    with_token = token(application, iat=NOW // 1000)
    assert posted(1, Authorization=with_token) == [429]


@pytest.mark.parametrize("by", ["secret", "token"])
def test_own_limit(world, at, posted, application, by):
    """An account's own limit replaces the stack's, for its secret and its tokens; null restores the stack's."""
    who = world.basic if by == "secret" else token(application, iat=NOW // 1000)
    set_limit(world, 1)
    assert posted(3, Authorization=who) == [202, 202, 429]
    set_limit(world, 5)
    at(60_000)
    assert posted(11, Authorization=who) == [202] * 10 + [429]
    set_limit(world, None)
    at(120_000)
    assert posted(BURST + 1, Authorization=who) == [202] * BURST + [429]


@pytest.mark.parametrize("of", ["stack", "account"])
def test_none(world, monkeypatch, posted, app, of):
    """0 means no limit: nothing is refused, and no turn is written."""
    if of == "stack":
        monkeypatch.delenv("ACCOUNT_WORKFLOWS_PER_SECOND")
        app.outside = Outside(now=lambda: NOW)
    else:
        set_limit(world, 0)
    assert posted(3 * BURST) == [202] * 3 * BURST
    assert not [item for item in world.items() if item["pk"]["S"].startswith("lane#")]


def test_what_does_not_count(world, post, posted, app):
    """A refused request and a plan use up nothing, and a plan is also made over the limit."""
    made = calls_of(app.outside.table.client, "dynamodb.UpdateItem")
    for _ in range(BURST):
        assert post(b"{")["statusCode"] == 400
        assert post({"template": "failover", "workflow": []})["statusCode"] == 400
        assert post(Content_Type="text/plain")["statusCode"] == 415
        assert post(Authorization="Basic x")["statusCode"] == 401
        assert post(path="/workflows?dry_run=true")["statusCode"] == 200
    assert made == []
    assert posted(BURST) == [202] * BURST
    assert post(path="/workflows?dry_run=true")["statusCode"] == 200
    assert post(b"{")["statusCode"] == 400


def test_a_repeat_over_the_limit(world, post, posted):
    """A client that lost its 202 gets the first answer again while the account is over its limit."""
    first = post(Idempotency_Key="k")
    posted(BURST - 1)
    stored = len(workflows(world))
    for _ in range(2):
        again = post(Idempotency_Key="k")
        assert (again["statusCode"], body_of(again)) == (202, body_of(first))
        assert again["multiValueHeaders"]["Idempotent-Replayed"] == ["true"]
    assert post(request(MESSENGER, SMS), Idempotency_Key="k")["statusCode"] == 409
    assert post(Idempotency_Key="another")["statusCode"] == 429
    assert len(workflows(world)) == stored


def test_a_refused_request_uses_no_key(at, post, posted):
    """A request over the limit leaves its key free for the repeat that is accepted."""
    posted(BURST)
    assert post(Idempotency_Key="k")["statusCode"] == 429
    at(1000)
    again = post(Idempotency_Key="k")
    assert again["statusCode"] == 202
    assert "Idempotent-Replayed" not in again["multiValueHeaders"]


def test_a_repeat_counts(post, posted):
    """A repeat takes a turn as well, if there is one."""
    assert [post(Idempotency_Key="k")["statusCode"] for _ in range(BURST)] == [202] * BURST
    assert posted(1) == [429]


def test_dynamodb_is_down(world, app, post, posted):
    """503 if the turn cannot be taken, as for any other write; nothing is stored."""
    back = unreachable(app.outside.table.client, "dynamodb.UpdateItem")
    answer = post()
    assert (answer["statusCode"], answer["multiValueHeaders"]["Retry-After"]) == (503, ["2"])
    assert not world.items()
    back()
    assert posted(1) == [202]


def test_one_write(app, post, posted):
    """A turn is one write, and over the limit a failed one and one read, beside the read of the account."""
    client = app.outside.table.client
    posted(1)
    reads, turns = calls_of(client, "dynamodb.GetItem"), calls_of(client, "dynamodb.UpdateItem")
    posted(BURST - 1)
    assert (len(turns), len(reads)) == (BURST - 1, BURST - 1)
    del reads[:], turns[:]
    assert posted(1) == [429]
    assert (len(turns), len(reads)) == (1, 2)


def test_many_at_once(world, app, monkeypatch):
    """Of many requests at the same instant, in processes of their own, exactly the burst is accepted."""
    one_write_at_a_time(monkeypatch)
    found, lock = [], threading.Lock()
    raw = json.dumps(request(SMS)).encode()

    def come():
        outside = Outside(now=lambda: NOW)
        for _ in range(3):
            try:
                accept(outside, Caller(world.api_key), Posted(raw), "workflow", "https://api.test/beta")
                status = 202
            except Problem as problem:
                status = problem.kind.status
            with lock:
                found.append(status)

    at_once(*[come] * 8)
    assert sorted(found) == [202] * BURST + [429] * (24 - BURST)
    assert len(workflows(world)) == BURST


@pytest.fixture
def accounts(world):
    return load("accounts")


def test_command(world, accounts):
    """`set_limit` answers with the limit, and the account is shown with it; null is the stack's."""
    event = {"action": "set_limit", "api_key": world.api_key}

    def shown():
        one = accounts.handler({"action": "show_account", "api_key": world.api_key}, None)
        (listed,) = accounts.handler({"action": "list_accounts"}, None)["accounts"]
        assert listed["workflows_per_second"] == one["workflows_per_second"]
        return one["workflows_per_second"]

    assert shown() is None
    for limit in (120, 0, None):
        answer = accounts.handler({**event, "workflows_per_second": limit}, None)
        assert answer == {"api_key": world.api_key, "workflows_per_second": limit}
        assert shown() == limit
    assert "workflows_per_second" not in world.callers.find_account(world.api_key)


@pytest.mark.parametrize("limit", [-1, 1001, 1.5, "x", True, [], ...])
def test_refused_commands(world, accounts, limit):
    """A limit is a whole number up to what one item takes, or null, and it has to be named."""
    before = world.callers.find_account(world.api_key)
    event = {"action": "set_limit", "api_key": world.api_key, "workflows_per_second": limit}
    if limit is ...:
        del event["workflows_per_second"]
    with pytest.raises(CommandRefused, match=r"^workflows_per_second: "):
        accounts.handler(event, None)
    assert world.callers.find_account(world.api_key) == before


def test_summaries(at, call, stranger, output):
    """An account may request 20 summaries at once, then two a second; a wrong request and other reads go on."""
    asked = [call("GET", "/workflows/summary")["statusCode"] for _ in range(21)]
    assert asked == [200] * 20 + [429]
    answer = call("GET", "/dispatch/summary")
    assert answer["statusCode"] == 429
    assert body_of(answer)["detail"] == "This account may request 2 summaries per second, and 20 at once."
    assert answer["multiValueHeaders"]["Retry-After"] == ["1"]
    assert output().count('"SummariesLimited":[1.0]') == 2
    assert call("GET", "/workflows/summary?since=x")["statusCode"] == 400
    assert call("GET", "/workflows/summary", Authorization=stranger)["statusCode"] == 200
    assert call("GET", "/workflows")["statusCode"] == 200
    at(1000)
    assert [call("GET", "/workflows/summary")["statusCode"] for _ in range(3)] == [200, 200, 429]


def test_a_limit_edited_by_hand(world, posted):
    """F33: a limit that is no number stops this account's calls, and no other's."""
    account = world.callers.find_account(world.api_key)
    world.callers.replace(account, workflows_per_second="many")
    assert posted(1) == [500]
