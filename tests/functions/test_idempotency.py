"""`Idempotency-Key`: a request sent repeatedly is carried out once (F1)."""

import json
import threading

import boto3
import pytest

from failover.adapters import aws
from failover.outside import Outside
from failover.rules.requests.idempotency import KEPT_SECONDS
from failover.use_cases.callers.authenticate import Caller
from failover.use_cases.requests.accept import Posted, accept
from tests.conftest import at_once, one_write_at_a_time
from tests.examples import MESSENGER, NOW, SMS, WHATSAPP, changed, request
from tests.world import body_of

BODY = request(MESSENGER, SMS)
CONFLICT = {"Error": {"Code": "TransactionCanceledException"}}
CONFLICT["CancellationReasons"] = [{"Code": "None"}, {"Code": "None"}, {"Code": "TransactionConflict"}]


@pytest.fixture
def post(call):
    def post(body=BODY, key="k", path="/workflows", **headers):
        return call("POST", path, body, Idempotency_Key=key, **headers)

    return post


def replayed(answer):
    return answer["multiValueHeaders"].get("Idempotent-Replayed") == ["true"]


def workflows(world):
    return [item for item in world.items() if item["sk"]["S"] == "state"]


def executions(world):
    return boto3.client("stepfunctions").list_executions(stateMachineArn=world.state_machine)["executions"]


@pytest.mark.decision("Beyond the original")
def test_the_same_again(world, post):
    """A repeat gets the first answer, marked as a replay, and does nothing."""
    first = post()
    assert (first["statusCode"], replayed(first)) == (202, False)
    before = world.items()
    for _ in range(3):
        again = post()
        assert (again["statusCode"], replayed(again)) == (202, True)
        assert body_of(again) == body_of(first)
    assert world.items() == before
    assert len(executions(world)) == 1


def test_a_replay_is_logged_under_the_first_workflow(post, output):
    """No log line names a workflow that was not stored."""
    (first,) = body_of(post()).values()
    before = output()
    post()
    lines = [json.loads(line) for line in output().removeprefix(before).splitlines()]
    assert [line["workflow_id"] for line in lines if line.get("message") == "request replayed"] == [first]
    assert {line["workflow_id"] for line in lines if "workflow_id" in line} == {first}


SIGNED = {**BODY, "sig": "5f0a", "timestamp": 1_800_000_000}
REORDERED = json.dumps(dict(reversed(BODY.items())), indent=3).encode()
SPELLED = request(changed(changed(MESSENGER, "failover.expiry_time", "600"), "to.id", " sim-unread "), SMS)
PADDED = {**BODY, "workflow": [*BODY["workflow"], None]}
NULLED = {**BODY, "client_ref": None, "webhook_url": None}


@pytest.mark.decision("`Idempotency-Key`")
@pytest.mark.parametrize("body", [SIGNED, REORDERED, SPELLED, PADDED, NULLED])
def test_the_same_in_other_words(post, body):
    """Requests with the same meaning are the same, in any spelling, and even if signed anew as old clients do."""
    first = post()
    assert body_of(post(body)) == body_of(first)
    assert replayed(post({**BODY, "sig": "another", "timestamp": 1_800_000_001}))


TEMPLATE = changed(WHATSAPP, "message.content", {"type": "template", "template": {"name": "x"}})
TEMPLATE = changed(TEMPLATE, "message", {"content": TEMPLATE["message"]["content"]})
POLICY = {"policy": "deterministic", "locale": "en"}


@pytest.mark.decision("`Idempotency-Key`")
@pytest.mark.parametrize(
    ("plain", "path", "value"),
    [
        (SMS, "message.sms", {}),
        (SMS, "message.sms", None),
        (SMS, "message.sms", {"ttl": None}),
        (changed(SMS, "client_ref", "x"), "message.client_ref", "y"),
        (changed(WHATSAPP, "message", {"content": {"type": "text", "text": "x"}}), "message.whatsapp", POLICY),
        (TEMPLATE, "message.whatsapp", {"locale": "en_US"}),
        (TEMPLATE, "message.content.template.parameters", []),
        (TEMPLATE, "message.content.template.parameters", None),
        (SMS, "failover", None),
    ],
)
def test_the_same_step_in_other_words(post, plain, path, value):
    """Steps that send the same are the same: with empty or unsent options, or with defaults written out."""
    first = post(request(plain))
    assert (first["statusCode"], replayed(first)) == (202, False)
    again = post(request(changed(plain, path, value)))
    assert (again["statusCode"], body_of(again)) == (202, body_of(first))


def test_the_same_reference_at_another_place(post):
    """A step's reference may also be inside its message, where old clients put it."""
    assert post(request(changed(SMS, "client_ref", "x")))["statusCode"] == 202
    assert replayed(post(request(changed(SMS, "message.client_ref", "x"))))
    assert post(request(changed(SMS, "message.client_ref", "y")))["statusCode"] == 409


OTHERS = [
    request(MESSENGER),
    request(MESSENGER, MESSENGER, SMS),
    request(changed(MESSENGER, "message.content.text", "Hello from messenger"), SMS),
    request(changed(MESSENGER, "failover.expiry_time", 601), SMS),
    request(changed(MESSENGER, "client_ref", "x"), SMS),
    {**BODY, "client_ref": "x"},
    {**BODY, "webhook_url": "https://example.com/x"},
]


@pytest.mark.parametrize("body", OTHERS)
def test_another_request(world, post, body):
    """Another request under the same key is answered 409 and not stored; under another key it creates a workflow."""
    post()
    before = world.items()
    answer = post(body)
    assert answer["statusCode"] == 409
    assert body_of(answer)["type"].endswith("#conflict")
    assert world.items() == before
    assert post(body, key="K")["statusCode"] == 202


def test_numbers_of_a_custom_object(post):
    """Numbers in a custom object are compared to the last digit."""
    step = changed(WHATSAPP, "message.content", {"type": "custom", "custom": {"n": 0}})
    raw = json.dumps(request(step))
    first, second = (raw.replace('"n": 0', f'"n": 1.00000000000000000000000000{digit}').encode() for digit in (1, 2))
    assert post(first)["statusCode"] == 202
    assert replayed(post(first))
    assert post(second)["statusCode"] == 409


@pytest.mark.decision("`Idempotency-Key`")
def test_both_endpoints(world, post):
    """A key covers both endpoints; a repeat at the other endpoint is answered with the name used by the first."""
    first = post(path="/v0.1/dispatch")
    again = post(path="/workflows")
    assert (again["statusCode"], replayed(again), body_of(again)) == (202, True, body_of(first))
    assert list(body_of(again)) == ["dispatch_uuid"]
    assert len(workflows(world)) == 1


@pytest.mark.parametrize(("seconds", "status"), [(KEPT_SECONDS - 1, 409), (KEPT_SECONDS + 1, 202)])
def test_free_after_a_day(world, app, post, seconds, status):
    """A key is free after 24 hours, even if the table has not removed it yet."""
    started = app.outside.now()
    app.outside.now = lambda: started
    post()
    app.outside.now = lambda: started + seconds * 1000
    answer = post(OTHERS[0])
    assert (answer["statusCode"], replayed(answer)) == (status, False)
    if status == 202:
        assert body_of(post(OTHERS[0])) == body_of(answer)


def test_a_refused_request_uses_no_key(world, post):
    """A refused request leaves its key free."""
    assert post(request(changed(SMS, "to.number", "x")))["statusCode"] == 400
    assert post(b"{")["statusCode"] == 400
    assert not world.items()
    assert post()["statusCode"] == 202


def test_a_plan_uses_no_key(world, post):
    """A plan leaves its key free, and is also made under a used key."""
    plan = post(path="/workflows?dry_run=true")
    assert (plan["statusCode"], world.items()) == (200, [])
    assert not replayed(post())
    assert post(OTHERS[0], path="/workflows?dry_run=true")["statusCode"] == 200


@pytest.mark.decision("`Idempotency-Key`")
@pytest.mark.parametrize("key", ["!", "~" * 255, "5f0a4c1e-8d3b-4e57-9c1a-2b6d7e8f9a10", 'a"b\\c', "#", "workflow#x"])
def test_keys(post, key):
    """A key has 1 to 255 visible ASCII characters."""
    assert post(key=key)["statusCode"] == 202
    assert replayed(post(key=key))


@pytest.mark.decision("`Idempotency-Key`")
@pytest.mark.parametrize("key", ["", " ", "a b", "k ", "x" * 256, "é", "a\x7f", "a\tb", "k\n"])
def test_no_keys(world, post, key):
    """Any other key is answered 400 with the header's name, and nothing is stored."""
    answer = post(key=key)
    assert answer["statusCode"] == 400
    assert [fault["name"] for fault in body_of(answer)["invalid_parameters"]] == ["Idempotency-Key"]
    assert not world.items()


def test_faults_of_header_query_and_body_at_once(post):
    """Faults in header, query and body are reported together, and the detail counts them all."""
    body = request(changed(MESSENGER, "failover.expiry_time", 5), changed(SMS, "to.number", "x"))
    answer = post(body, key="a b", path="/workflows?dry_run=maybe")
    assert answer["statusCode"] == 400
    problem = body_of(answer)
    assert [fault["name"] for fault in problem["invalid_parameters"]] == [
        "Idempotency-Key",
        "dry_run",
        "workflow[0].failover.expiry_time",
        "workflow[1].to.number",
    ]
    assert "4 of your" in problem["detail"]


def test_neither_key_nor_texts_are_kept(world, post, output):
    """I8: the table holds only hashes of key and request, and the log holds neither."""
    post(key="447700900123")
    post(key="447700900123")
    (item,) = [item for item in world.items() if item["sk"]["S"] == "idempotency"]
    for private in ("447700900123", "447700900000", "Hello", "sim-unread"):
        assert private not in str(item) + output()


def twin(outside, world, body=BODY):
    posted = Posted(json.dumps(body).encode(), "k")
    return accept(outside, Caller(world.api_key), posted, "workflow", "https://api.test/beta")


def test_twenty_at_once(world, monkeypatch):
    """Of twenty identical requests at the same instant one creates a workflow and its execution; all get its id."""
    one_write_at_a_time(monkeypatch)
    accepted = []
    at_once(*[lambda: accepted.append(twin(Outside(), world))] * 20)
    assert len({answer.workflow_id for answer in accepted}) == 1
    assert sum(not answer.replayed for answer in accepted) == 1
    assert (len(accepted), len(workflows(world)), len(executions(world))) == (20, 1, 1)


class Contended:
    """DynamoDB during a transaction: every other transaction on the same key conflicts with it.

    The first write waits until all of its twins have been refused.
    """

    def __init__(self, outsides):
        self.lock, self.refused, self.committed = threading.Lock(), threading.Semaphore(0), threading.Event()
        self.twins = len(outsides) - 1
        for outside in outsides:
            client = outside.table.client
            write = client.transact_write_items
            client.transact_write_items = self.contended(write, client.exceptions.ClientError)

    def contended(self, write, error):
        def transact(**arguments):
            if self.lock.acquire(blocking=False):
                for _ in range(self.twins):
                    assert self.refused.acquire(timeout=20)
                answer = write(**arguments)
                self.committed.set()
                return answer
            if not self.committed.is_set():
                self.refused.release()
                raise error(CONFLICT, "TransactWriteItems")
            return write(**arguments)

        return transact


def test_twenty_while_the_first_is_being_stored(world, monkeypatch):
    """Requests that meet the first one during its write wait for it and get its id."""
    one_write_at_a_time(monkeypatch)
    outsides = [Outside() for _ in range(20)]
    contended = Contended(outsides)
    accepted = []
    for outside in outsides:
        outside.sleep = lambda _: contended.committed.wait(20)
    at_once(*[lambda outside=outside: accepted.append(twin(outside, world)) for outside in outsides])
    assert len({answer.workflow_id for answer in accepted}) == 1
    assert sum(not answer.replayed for answer in accepted) == 1
    assert (len(accepted), len(workflows(world)), len(executions(world))) == (20, 1, 1)


class Conflicts:
    """An outside whose table refuses the next `to_refuse` transactions and whose clock includes the time slept."""

    def __init__(self):
        self.to_refuse, self.slept, self.ago = 0, [], 0
        self.outside = Outside(now=self.now, sleep=self.slept.append, jitter=lambda: 0.0)
        self.client = self.outside.table.client
        self.write = self.client.transact_write_items
        self.client.transact_write_items = self.refused

    def now(self):
        return NOW + int((sum(self.slept) - self.ago) * 1000)

    def refused(self, **arguments):
        if self.to_refuse:
            self.to_refuse -= 1
            raise self.client.exceptions.ClientError(CONFLICT, "TransactWriteItems")
        return self.write(**arguments)


@pytest.fixture
def conflicts(world):
    return Conflicts()


def test_a_twin_that_failed(world, conflicts):
    """If the request it waited for fails, the waiting request becomes the first."""
    conflicts.to_refuse = 3
    assert not twin(conflicts.outside, world).replayed
    assert conflicts.slept == [0.1, 0.2, 0.4]
    assert len(workflows(world)) == 1


def test_a_twin_that_takes_too_long(world, conflicts):
    """A request waits for its twin for at most a second; then it asks the client to retry, and nothing is stored."""
    conflicts.to_refuse = 1000
    with pytest.raises(aws.Unavailable):
        twin(conflicts.outside, world)
    assert 0 < sum(conflicts.slept) <= 1
    assert not world.items()


def test_a_conflict_over_a_key_that_is_free_again(world, conflicts):
    """A request that conflicts with a twin does not get the answer stored under its key more than a day ago."""
    conflicts.ago = KEPT_SECONDS + 60
    old = twin(conflicts.outside, world, OTHERS[0])
    conflicts.ago, conflicts.to_refuse = 0, 1
    new = twin(conflicts.outside, world)
    assert (new.replayed, new.workflow_id != old.workflow_id) == (False, True)
