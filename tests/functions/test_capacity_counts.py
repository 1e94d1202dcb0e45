"""What local/capacity says a workflow asks of AWS is what the real functions ask."""

import json
import time

import boto3
import pytest

from failover.rules.sending.client_ref import client_ref
from failover.rules.timing.instants import iso
from failover.rules.webhooks import delivery
from local.capacity.demand import LOG_LINE
from local.capacity.profiles import FIRST_SUCCEEDS, LANES_OF_A_POST, LANES_OF_A_SEND, ONE, TWO_EXPIRE
from tests.counted import Counted
from tests.examples import MESSENGER, SMS, VIBER, changed, request
from tests.messages_server import accepted
from tests.streams import record
from tests.world import body_of, callback_event, http_event, load

TOKEN = "A" * 800
"""About as long as a task token of Step Functions."""
TEXT = "Your table for four is booked for tonight at half past seven. Reply STOP if you do not want these reminders. "
SENDERS = {"messenger": "send_messenger", "viber_service_msg": "send_viber", "sms": "send_sms"}


class Life:
    """One workflow's life, step by step, by the real functions and with a clock of its own."""

    def __init__(self, world, counted, vendor):
        self.world, self.counted, self.vendor = world, counted, vendor
        self.now = int(time.time() * 1000)
        self.functions = {}

    def run(self, function, event, named=None):
        module = self.functions.setdefault(function, load(function))
        module.outside.now = lambda: self.now
        self.now += 1000
        with self.counted.by(named or function):
            answer = module.handler(event, None)
        if function != "publish_events":
            self.followed()
        return answer

    def post(self, *steps):
        """Post a workflow with an Idempotency-Key and a `client_ref`."""
        asked = request(*(changed(step, "message.content.text", TEXT) for step in steps))
        self.channels = [step["to"]["type"] for step in steps]
        headers = {"Authorization": self.world.basic, "Content_Type": "application/json", "Idempotency_Key": "order-1"}
        raw = json.dumps({**asked, "client_ref": "table-4711"}).encode()
        answer = self.run("workflows_api", http_event("POST", "/workflows", raw, **headers))
        assert answer["statusCode"] == 202, answer
        self.id = body_of(answer)["workflow_uuid"]

    def send(self, number):
        self.vendor.script = [accepted(f"uuid-{number}")]
        self.run(SENDERS[self.channels[number]], {"workflow": self.id, "step": number}, "send")
        if number < len(self.channels) - 1:
            self._store_token()

    def _store_token(self):
        """As the state machine does."""
        with self.counted.by("state machine"):
            boto3.client("dynamodb").update_item(
                TableName=self.world.table,
                Key={"pk": {"S": f"workflow#{self.id}"}, "sk": {"S": "state"}},
                UpdateExpression="SET task_token = :token ADD version :one",
                ExpressionAttributeValues={":token": {"S": TOKEN}, ":one": {"N": "1"}},
            )
        self.followed()

    def statuses(self, number, *words):
        for word in words:
            body = {"message_uuid": f"uuid-{number}", "to": "447700900000", "from": "ACME", "timestamp": iso(self.now)}
            body |= {"status": word, "client_ref": client_ref(self.id, number)}
            answer = self.run("message_status", callback_event(body, iat=self.now // 1000))
            assert answer["statusCode"] == 200, answer

    def expire(self):
        self.now += 600_000

    def followed(self):
        """Let the stream and the queue follow what was written."""
        while self.counted.changes:
            self.run("publish_events", {"Records": [record(*self.counted.changes.pop(0))]})
        for task in self.world.queued():
            self.counted.units["queued"] += 1
            self.run("deliver_webhook", {"Records": [{"body": json.dumps(delivery.plain(task))}]})


def one_message(life):
    life.post(SMS)
    life.send(0)
    life.statuses(0, "submitted", "delivered", "read")


def first_succeeds(life):
    life.post(MESSENGER, VIBER, SMS)
    life.send(0)
    life.statuses(0, "submitted", "delivered", "read")


def two_expire(life):
    """Of the messages that expire, the statuses that would have been enough come after the end."""
    life.post(MESSENGER, VIBER, SMS)
    life.send(0)
    life.statuses(0, "submitted", "delivered")
    life.expire()
    life.send(1)
    life.statuses(1, "submitted")
    life.expire()
    life.send(2)
    life.statuses(2, "submitted", "delivered", "read")
    life.statuses(1, "delivered", "read")
    life.statuses(0, "read")


@pytest.mark.parametrize(
    ("profile", "live"), [(ONE, one_message), (FIRST_SUCCEEDS, first_succeeds), (TWO_EXPIRE, two_expire)]
)
def test_counts(world, customer, messages, monkeypatch, output, profile, live):
    """A profile has exactly the calls of such a workflow, and at most a quarter more units than it was charged."""
    for name, limit in {"MESSAGES": 30, "CHANNEL": 10, "ACCOUNT_WORKFLOWS": 50}.items():
        monkeypatch.setenv(f"{name}_PER_SECOND", str(limit))
    counted = Counted(monkeypatch)
    live(Life(world, counted, messages))
    invoked = {by: number for (by, call), number in counted.calls.items() if call == "Invoke" and by != "state machine"}
    assert invoked == profile.invocations
    assert len(messages.requests) == profile.messages
    assert len(customer.requests) == counted.units["queued"] == profile.webhooks
    assert (counted.made("StartExecution"), counted.made("SendTaskFailure")) == (1, profile.signals)
    assert counted.units["lanes"] <= profile.messages * LANES_OF_A_SEND + LANES_OF_A_POST
    charged = {name: units for name, units in counted.units.items() if name not in ("lanes", "queued")}
    lines = output().splitlines(keepends=True)
    assert len(lines) <= profile.log_bytes / LOG_LINE
    measured = {"log bytes": len("".join(lines).encode()), "stored": counted.stored()}
    of_model = {"writes": profile.writes, "reads": profile.reads, **profile.indexes}
    of_model |= {"log bytes": profile.log_bytes, "stored": profile.stored}
    for name, units in {**charged, **measured}.items():
        assert units <= of_model[name] <= 1.25 * units, f"{name}: {units} counted, {of_model[name]} in the profile"
