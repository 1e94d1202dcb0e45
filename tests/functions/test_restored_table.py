"""In a table that was restored to an earlier state, nothing is sent that may have been sent before (F48)."""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import count

import boto3
import pytest

from failover.outside import Outside
from failover.rules.pacing.lane import Turn
from failover.rules.timing.instants import from_iso
from failover.rules.workflow import transitions
from tests.conftest import at_once, one_write_at_a_time
from tests.examples import HOUR, MESSENGER, SMS, VIBER
from tests.functions.conftest import send_or_wait
from tests.left_behind import MINUTE, Reconciling, Starting, metrics
from tests.messages_server import http
from tests.world import body_of, callback_event, http_event, load

CHANNELS = ("messenger", "viber_service_msg", "sms")


class Deployed:
    """The functions with a table that has a stream, and the way to restore it."""

    def __init__(self, world, messages, monkeypatch):
        self.world, self.messages, self.setenv = world, messages, monkeypatch.setenv
        self.ahead = 0
        """Milliseconds by which all clocks are ahead."""
        self._names = count()
        self._enable_stream()

    def _enable_stream(self):
        stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
        client = boto3.client("dynamodb")
        client.update_table(TableName=self.world.table, StreamSpecification=stream)
        self.stream = client.describe_table(TableName=self.world.table)["Table"]["LatestStreamArn"]
        self.deploy()

    def deploy(self):
        """Start all functions anew, with the table's stream in their environment."""
        self.setenv("TABLE_STREAM_ARN", self.stream)
        real = Outside().now
        self.api, self.callbacks = load("workflows_api"), load("message_status")
        for app in (self.api, self.callbacks):
            app.outside.now = lambda: real() + self.ahead
        self.real = real

    @property
    def now(self):
        return self.real() + self.ahead

    def outside(self):
        return Outside(now=lambda: self.now, sleep=lambda _: None, jitter=lambda: 0.0)

    def post(self):
        answer = self.call("POST", "/workflows", {"template": "failover", "workflow": [MESSENGER, VIBER, SMS]})
        assert answer["statusCode"] == 202, answer["body"]
        return body_of(answer)["workflow_uuid"]

    def call(self, method, path, body=None):
        raw = None if body is None else json.dumps(body)
        return self.api.handler(
            http_event(method, path, raw, Authorization=self.world.basic, Content_Type="application/json"), None
        )

    def send(self, workflow_id, number):
        send_or_wait(self.outside(), CHANNELS[number], workflow_id, number)

    def status(self, workflow_id, number, word):
        """A callback that names its step."""
        body = {"message_uuid": f"u-{number}-{workflow_id}", "client_ref": f"{workflow_id}.{number}", "status": word}
        answer = self.callbacks.handler(callback_event(body), None)
        assert answer["statusCode"] == 200

    def repair(self, minutes):
        """Run `start_workflows` and `reconcile` in so many minutes."""
        self.ahead += minutes * MINUTE
        for kind, name in ((Starting, "start_workflows"), (Reconciling, "reconcile")):
            kind(self.world, load(name)).run(self.now)

    def backup(self):
        """Keep the table as it is now. Returns its name."""
        name = f"backup-{next(self._names)}"
        boto3.client("dynamodb").restore_table_to_point_in_time(
            SourceTableName=self.world.table, TargetTableName=name, UseLatestRestorableTime=True
        )
        return name

    def restore(self, backup):
        """Restore the table to that state, under its own name, and deploy the functions with its new stream."""
        client = boto3.client("dynamodb")
        client.delete_table(TableName=self.world.table)
        client.restore_table_to_point_in_time(
            SourceTableName=backup, TargetTableName=self.world.table, UseLatestRestorableTime=True
        )
        self._enable_stream()


@pytest.fixture
def deployed(world, messages, monkeypatch):
    return Deployed(world, messages, monkeypatch)


def _refused(number: int) -> Callable[[Deployed, str], None]:
    """The step is sent, and its message is rejected."""

    def act(deployed, flow):
        deployed.send(flow, number)
        deployed.status(flow, number, "rejected")

    return act


def _waits(deployed, flow):
    """The first step waits for its turn."""
    stored = deployed.world.read(flow)
    turn = Turn(deployed.now + MINUTE, 0)
    deployed.world.store.write(transitions.waiting(stored, 0, turn, deployed.now + 900_000, deployed.now))


def _busy(deployed, flow):
    """The vendor did not take the first message, so its claim was released."""
    deployed.messages.script = [http(503)]
    deployed.send(flow, 0)


def _dies(deployed, flow):
    """The send dies after its claim."""
    stored = deployed.world.read(flow)
    deployed.world.store.write(transitions.claimed(stored, 0, deployed.now))


STAGES = {
    "accepted": [],
    "first waits": [_waits],
    "first not taken": [_busy],
    "first claimed": [_dies],
    "first sent": [lambda deployed, flow: deployed.send(flow, 0)],
    "first rejected": [_refused(0)],
    "second sent": [_refused(0), lambda deployed, flow: deployed.send(flow, 1)],
    "second rejected": [_refused(0), _refused(1)],
    "last sent": [_refused(0), _refused(1), lambda deployed, flow: deployed.send(flow, 2)],
}


@pytest.mark.parametrize("stage", STAGES)
def test_nothing_is_requested_again(world, deployed, messages, stage):
    """At any stage to which a workflow is restored, no function requests any of its steps, at any later time."""
    flow = deployed.post()
    for act in STAGES[stage]:
        act(deployed, flow)
    backup = deployed.backup()
    deployed.ahead += HOUR * 1000
    for number in range(3):  # the original goes on to its end
        _refused(number)(deployed, flow)
    assert not world.read(flow).running
    requested = len(messages.requests)
    deployed.restore(backup)
    assert world.read(flow).running
    for minutes in (0, 5, 60, 24 * 60):
        deployed.ahead += minutes * MINUTE
        for number in (0, 1, 2):
            deployed.send(flow, number)
        deployed.repair(1)
    assert len(messages.requests) == requested


@pytest.fixture
def restored(deployed):
    """The id of a workflow that was restored to the state in which it was accepted, after its first step was sent."""
    flow = deployed.post()
    backup = deployed.backup()
    deployed.send(flow, 0)
    deployed.restore(backup)
    return flow


def test_its_record(world, deployed, restored, messages, output):
    """Its steps count as ones that may have been sent; timeline, metric and log say why, once."""
    for number in (0, 0, 1):
        deployed.send(restored, number)
    after = world.read(restored)
    assert [step.phase for step in after.steps] == ["unknown"] * 3
    assert [entry["event"] for entry in after.timeline] == ["accepted", "restored"]
    assert after.timeline[-1]["reason"].startswith("restored from a backup")
    said = output()
    assert metrics(said).count({"WorkflowsRestored": [1.0]}) == 1
    assert restored in said
    assert len(messages.requests) == 1


def test_a_status_completes_it(world, deployed, restored):
    """A status for a step that had not begun in the restored table is recorded, and decides."""
    deployed.status(restored, 0, "read")
    after = world.read(restored)
    assert (after.status, after.steps[0].outcome) == ("completed", "met")
    assert [entry["event"] for entry in after.timeline] == ["accepted", "restored", "status", "completed"]


def test_it_ends(world, deployed, restored, messages):
    """Without a status it ends as unconfirmed, when the receipt window of its last step is over."""
    deployed.repair(5)
    assert world.read(restored).running
    deployed.repair(73 * 60)
    after = world.read(restored)
    assert (after.status, after.reason) == ("error", "unconfirmed")
    assert len(messages.requests) == 1


def test_no_execution_is_started(world, deployed, restored):
    """It needs no execution: none of its steps is left to send."""
    before = Starting(world, load("start_workflows")).started()
    deployed.repair(5)
    deployed.repair(5)
    assert Reconciling(world, load("reconcile")).started() == before


def test_cancelled(deployed, restored):
    """A cancel says that its messages may go out or may have been sent, not that they never will be."""
    answer = deployed.call("POST", f"/workflows/{restored}/cancel")
    assert answer["statusCode"] == 200
    assert {step["state"] for step in body_of(answer)["steps"]} == {"in_flight"}


def test_cancelled_after_the_backup(world, deployed, messages):
    """A workflow that was cancelled later runs again in the restored table, and sends nothing."""
    flow = deployed.post()
    backup = deployed.backup()
    assert deployed.call("POST", f"/workflows/{flow}/cancel")["statusCode"] == 200
    deployed.restore(backup)
    deployed.send(flow, 0)
    deployed.repair(5)
    assert world.read(flow).running
    assert messages.requests == []


def test_it_cannot_be_advanced(world, deployed, restored):
    """An advance is refused with 409 and the reason, since no step would follow."""
    answer = deployed.call("POST", f"/workflows/{restored}/advance", {"step": 0})
    assert answer["statusCode"] == 409
    assert "restored from a backup" in body_of(answer)["detail"]
    assert body_of(answer)["state"] == world.read(restored).steps[0].state


def test_two_at_once(world, deployed, restored, messages, monkeypatch):
    """Two functions that find it at the same instant mark it once."""
    one_write_at_a_time(monkeypatch)
    at_once(*(lambda number=number: deployed.send(restored, number) for number in (0, 1)))
    assert [entry["event"] for entry in world.read(restored).timeline] == ["accepted", "restored"]
    assert len(messages.requests) == 1


def test_new_workflows(world, deployed, restored, messages):
    """A workflow that is posted after the restore is sent step by step."""
    flow = deployed.post()
    for number in range(3):
        _refused(number)(deployed, flow)
    after = world.read(flow)
    assert [step.outcome for step in after.steps] == ["rejected"] * 3
    assert len(messages.requests) == 1 + 3


def test_restored_twice(world, deployed, restored, messages):
    """A second restore, of a state in which it was marked, marks it again and sends nothing."""
    deployed.send(restored, 0)
    backup = deployed.backup()
    deployed.restore(backup)
    deployed.send(restored, 0)
    assert [entry["event"] for entry in world.read(restored).timeline] == ["accepted", "restored", "restored"]
    assert len(messages.requests) == 1


def test_the_same_table_again(world, deployed, messages):
    """A table that a new stack adopts keeps its stream, so its workflows go on."""
    flow = deployed.post()
    deployed.deploy()
    deployed.send(flow, 0)
    assert world.read(flow).steps[0].phase == "sent"
    assert len(messages.requests) == 1


def test_created_by_an_earlier_release(world, deployed, messages):
    """A workflow that does not name its table is sent only if it is younger than the table's stream."""
    older, younger = deployed.post(), deployed.post()
    began = from_iso(deployed.stream.rpartition("/stream/")[2])
    for flow, created_at in ((older, began - 1), (younger, began)):
        world.store.write(replace(world.read(flow), table_id=None, created_at=created_at))
        deployed.send(flow, 0)
    assert world.read(older).steps[0].phase == "unknown"
    assert world.read(younger).steps[0].phase == "sent"
