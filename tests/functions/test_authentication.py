"""Authentication: secrets that overlap, and tokens of applications (docs/api.md, "Authentication")."""

import base64
import json
import time
import uuid

import jwt
import pytest

from failover.adapters.callers import Outdated
from failover.outside import Outside
from failover.rules.callers import account_secrets
from failover.use_cases.callers.authenticate import authenticate
from failover.use_cases.callers.register import COMMANDS
from tests.conftest import at_once
from tests.examples import SMS, request
from tests.functions.conftest import set_status_url
from tests.tokens import KEY, OTHER_KEY, ago, public_pem, token
from tests.world import body_of, calls_of, http_event, load

DAY = 86400


@pytest.fixture
def post(world):
    """Post a workflow with an Authorization header and return the answer."""
    app = load("workflows_api")

    def post(authorization):
        raw = json.dumps(request(SMS))
        event = http_event("POST", "/workflows", raw, Authorization=authorization, Content_Type="application/json")
        return app.handler(event, None)

    return post


@pytest.mark.decision("JWT without `exp`")
def test_token_of_the_published_clients(world, application, post):
    """A token without exp is accepted, and the workflow records its application."""
    answer = post(token(application))
    assert answer["statusCode"] == 202
    flow = world.read(*body_of(answer).values())
    assert (flow.account, flow.application) == (world.api_key, application)


@pytest.mark.decision("JWT without `exp`")
@pytest.mark.parametrize(
    "claims",
    [
        {"iat": ago(899)},
        {"iat": ago(955)},
        {"iat": ago(-59)},
        {"iat": ago(DAY - 60), "exp": ago(-60)},
        {"exp": ago(-DAY + 60)},
        {"iat": ago(300), "exp": ago(55)},
        {"nbf": ago(-59)},
        {"sub": 5, "aud": "somebody", "iss": "somebody"},
    ],
)
def test_good_times(application, post, claims):
    """A token without exp is valid for 900 s, one with exp for up to a day; clocks may differ by a minute."""
    assert post(token(application, **claims))["statusCode"] == 202


@pytest.mark.parametrize("claims", [{"iat": ago(961)}, {"iat": ago(3600), "exp": ago(61)}])
def test_expired(world, application, post, claims):
    """The answer to an expired token says that it has expired."""
    answer = post(token(application, **claims))
    assert answer["statusCode"] == 401
    assert body_of(answer)["type"].endswith("#jwt-expired")
    assert not [item for item in world.items() if item["sk"]["S"] == "state"]


@pytest.mark.parametrize(
    "changes",
    [
        {"iat": ago(-65)},
        {"iat": None},
        {"iat": True},
        {"exp": ago(-DAY - 65)},
        {"nbf": ago(-65)},
        {"jti": None},
        {"jti": ""},
        {"application_id": None},
        {"application_id": 7},
        {"application_id": "unknown"},
        {"application_id": str(uuid.uuid4())},
        {"key": OTHER_KEY},
        {"algorithm": "RS512"},
        {"algorithm": "PS256"},
        {"key": "x" * 40, "algorithm": "HS256"},
        {"key": None, "algorithm": "none"},
    ],
)
def test_refused(world, application, post, changes):
    """A wrong key, algorithm, time or application, or a missing claim, is answered 401, and nothing is written."""
    answer = post(token(changes.pop("application_id", application), **changes))
    assert answer["statusCode"] == 401
    assert body_of(answer)["type"].endswith("#unauthorized")
    assert not [item for item in world.items() if item["sk"]["S"] == "state"]


@pytest.mark.parametrize(
    ("header", "detail"),
    [(None, "You did not send an Authorization header."), ("Basic x", "You did not provide correct credentials.")],
)
def test_no_header(call, header, detail):
    """A 401 says whether there was no Authorization header, or a wrong one."""
    answer = call("GET", "/workflows", Authorization=header)
    assert answer["statusCode"] == 401
    assert body_of(answer)["type"].endswith("#unauthorized")
    assert body_of(answer)["detail"] == detail


@pytest.mark.decision("Customer's webhook URL")
def test_status_url_of_the_caller(world, application):
    """A token has its application's `status_url`, a secret its account's; neither has the other's."""
    set_status_url(world, "https://shop.test/account")
    assert authenticate(Outside(), world.basic).status_url == "https://shop.test/account"
    assert authenticate(Outside(), token(application)).status_url is None
    set_status_url(world, "https://shop.test/application", application_id=application)
    assert authenticate(Outside(), token(application)).status_url == "https://shop.test/application"
    assert authenticate(Outside(), world.basic).status_url == "https://shop.test/account"


@pytest.mark.decision("Time rules of a token")
@pytest.mark.parametrize("key", [KEY, OTHER_KEY], ids=["signed", "forged"])
def test_refused_with_a_reason(application, post, key):
    """A token whose claims break a rule is refused with that rule, even if it is forged or of no application."""
    answers = [body_of(post(token(one, key=key, exp=ago(-DAY - 120)))) for one in (application, str(uuid.uuid4()))]
    assert ["more than 24 hours after its iat" in answer["detail"] for answer in answers] == [True, True]
    assert len({json.dumps({**answer, "instance": ""}) for answer in answers}) == 1


@pytest.mark.parametrize("key", [KEY, OTHER_KEY], ids=["unknown", "forged"])
def test_refused_without_a_reason(world, application, post, key):
    """A forged token and one of an unknown application get the same bare answer as a wrong secret."""
    answer = body_of(post(token(str(uuid.uuid4()) if key is KEY else application, key=key)))
    assert answer["detail"] == body_of(post(world.basic + "x"))["detail"]


def unsigned(text):
    """A token without its signature, as a header."""
    return text.rpartition(".")[0] + "."


@pytest.mark.parametrize(
    "header",
    [
        lambda _: None,
        lambda _: "",
        lambda _: "Negotiate x",
        lambda _: "Basic x",
        lambda _: "Basic " + base64.b64encode(b"no colon").decode(),
        lambda _: "Basic " + base64.b64encode(b"too-long-a-key:secret").decode(),
        lambda _: "Basic " + base64.b64encode(b"account#x:secret").decode(),
        lambda _: "Bearer x",
        lambda _: "Bearer e30.e30.",
        lambda own: unsigned(token(own)),
        lambda own: token(own)[:-100],
        lambda own: token(own, key=None, algorithm="none"),
        lambda own: token(own, key="x" * 40, algorithm="HS256"),
        lambda _: token("unknown"),
        lambda own: token(own, jti=None),
        lambda own: token(own, iat=None),
        lambda own: token(own, iat=ago(961)),
        lambda own: token(own, iat=ago(3600), exp=ago(61)),
        lambda own: token(own, nbf=ago(-3600)),
        lambda own: f"{token(own)}, {token(own)}",
    ],
)
def test_refused_before_any_read(application, app, call, header):
    """What cannot be the credentials of any account is refused without a call to AWS, whatever the body is."""
    made = calls_of(app.outside.table.client, "dynamodb")
    for method, path in (("POST", "/workflows"), ("GET", "/workflows"), ("GET", "/workflows/summary")):
        assert call(method, path, b"x" * 100_000, Authorization=header(application))["statusCode"] == 401
    assert made == []


@pytest.mark.parametrize(
    "header",
    [
        lambda world, _: "Basic " + base64.b64encode(f"{world.api_key}:wrong".encode()).decode(),
        lambda *_: "Basic " + base64.b64encode(b"00000000:secret").decode(),
        lambda *_: token(str(uuid.uuid4())),
        lambda _, own: token(own, key=OTHER_KEY),
    ],
)
def test_refused_after_one_read(world, application, app, call, header):
    """What may be an account's is refused after one read: an application's account is read after its signature only."""
    made = calls_of(app.outside.table.client, "dynamodb")
    reads = calls_of(app.outside.table.client, "dynamodb.GetItem")
    assert call("POST", "/workflows", request(SMS), Authorization=header(world, application))["statusCode"] == 401
    assert len(made) == len(reads) == 1


def test_a_new_public_key(world, application, post):
    """Once an application has a new key, tokens of the old key are refused, and its workflows remain its own."""
    (workflow_id,) = body_of(post(token(application))).values()
    command = {"action": "set_public_key", "api_key": world.api_key, "application_id": application}
    assert COMMANDS.carry_out(Outside(), {**command, "public_key": public_pem(OTHER_KEY)}) == {
        "application_id": application
    }
    assert post(token(application))["statusCode"] == 401
    assert post(token(application, key=OTHER_KEY))["statusCode"] == 202
    assert world.read(workflow_id).application == application


def test_public_key_as_a_secret(application, post):
    """The public key, which is no secret, is not accepted as an HS256 secret."""
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=")
    claims = {"iat": int(time.time()), "jti": "x", "application_id": application}
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
    signed = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signature = base64.urlsafe_b64encode(signed.sign(header + b"." + payload, public_pem(KEY).encode())).rstrip(b"=")
    assert post("Bearer " + b".".join([header, payload, signature]).decode())["statusCode"] == 401


@pytest.mark.parametrize("bearer", ["Bearer", "Bearer x", "Bearer a.b.c", "Bearer " + "a" * 20000, "Bearer e30.e30."])
def test_no_tokens(world, post, bearer):
    """A malformed token is answered 401."""
    assert post(bearer)["statusCode"] == 401


def test_two_methods_at_once(world, application, post):
    """Basic credentials and a token together are an error of their own."""
    answer = post(f"{world.basic}, {token(application)}")
    assert answer["statusCode"] == 401
    assert body_of(answer)["type"].endswith("#multiple-auth-methods")


def test_both_methods_see_the_same(world, application, post):
    """Both methods show all workflows of the account."""
    (workflow_id,) = body_of(post(token(application))).values()
    app = load("workflows_api")
    for authorization in (world.basic, token(application)):
        answer = app.handler(http_event("GET", f"/workflows/{workflow_id}", Authorization=authorization), None)
        assert answer["statusCode"] == 200


def rotate(world, **more):
    return COMMANDS.carry_out(Outside(), {"action": "rotate_secret", "api_key": world.api_key, **more})["api_secret"]


def basic(world, secret):
    return "Basic " + base64.b64encode(f"{world.api_key}:{secret}".encode()).decode()


def test_rotation_with_overlap(world, post):
    """F20: after a rotation both secrets are valid; the next rotation invalidates the older one."""
    second = rotate(world)
    assert post(world.basic)["statusCode"] == 202
    assert post(basic(world, second))["statusCode"] == 202
    third = rotate(world)
    assert post(world.basic)["statusCode"] == 401
    assert post(basic(world, second))["statusCode"] == 202
    assert post(basic(world, third))["statusCode"] == 202


def test_rotation_under_load(world):
    """F20: no request with the old secret is refused during a rotation or after it."""
    outside = Outside()

    def come():
        for _ in range(20):
            assert authenticate(outside, world.basic).account == world.api_key

    come()
    at_once(come, come, lambda: rotate(world), come)
    come()


def test_rotation_without_overlap(world, post):
    """Without an overlap the old secret is invalid at once."""
    new = rotate(world, overlap_hours=0)
    assert post(world.basic)["statusCode"] == 401
    assert post(basic(world, new))["statusCode"] == 202


def test_overlap_ends():
    """The old secret is invalid once its overlap has passed."""
    kept = account_secrets.rotated([account_secrets.kept("a")], "b", now=1000, overlap=500)
    assert account_secrets.valid(kept, 1499) == [account_secrets.hashed("a"), account_secrets.hashed("b")]
    assert account_secrets.valid(kept, 1500) == [account_secrets.hashed("b")]
    assert [len(account_secrets.valid(account_secrets.rotated(kept, "c", 1200, 500), now)) for now in (1200, 1700)] == [
        2,
        1,
    ]


def test_two_rotations_at_once(world, monkeypatch):
    """Of two rotations at the same time one succeeds and the other fails, so no new secret is lost unseen."""
    outside = Outside()
    known = outside.callers.find_account(world.api_key)
    rotate(world)
    with pytest.raises(Outdated):
        outside.callers.replace(known, secrets=known["secrets"])
    monkeypatch.setattr(outside.callers, "find_account", lambda _: known)
    with pytest.raises(Exception, match="send this one again"):
        COMMANDS.carry_out(outside, {"action": "rotate_secret", "api_key": world.api_key})


def test_rotation_of_a_missing_account(world):
    """Only an account has a secret to rotate."""
    with pytest.raises(Exception, match="no such account"):
        COMMANDS.carry_out(Outside(), {"action": "rotate_secret", "api_key": "00000000"})
