"""An upgrade and a rollback on the local stack: workflows in every stage go on under both releases."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from local import credentials, engines, stack
from local.place import Place, free_port
from tests.e2e.conftest import Stack
from tests.messages_server import MessagesServer

LATER = {"M": {"any": {"L": [{"S": "thing"}, {"N": "1"}, {"NULL": True}]}}}
PARAMETERS = {"PatienceSeconds": "40"}


class Upgraded(Stack):
    """A local stack to which one release after another is deployed."""

    def __init__(self, place, builds, inbox):
        self.place, self.builds, self.inbox = place, builds, inbox
        self.deploy("previous")
        credentials.create(place)
        super().__init__(place)

    def deploy(self, release):
        stack.deploy(self.place, self.builds[release], **PARAMETERS)

    @property
    def release(self):
        """The release that answers now."""
        return self.call("GET", "/beta/openapi.json").json()["info"]["version"]

    def begin(self, recipient, expiry=600):
        """Post a workflow: Messenger, until the message is read, then an SMS that arrives. Returns its id."""
        steps = [message("messenger", {"id": recipient}), message("sms", {"number": "447700900000"})]
        steps[0]["failover"] = {"expiry_time": expiry, "condition_status": "read"}
        body = {"template": "failover", "workflow": steps, "webhook_url": f"{self.inbox.url}/webhooks"}
        answer = self.call("POST", "/beta/workflows", json=body)
        assert answer.status_code == 202, answer.text
        return answer.json()["workflow_uuid"]

    def begin_all(self, name):
        """Workflows for every stage, each in it when this returns: {what: id}."""
        begun = {
            "read by hand": self.begin(f"sim-phone-{name}-1"),
            "advanced": self.begin(f"sim-phone-{name}-2"),
            "expires": self.begin("sim-unread", expiry=15),
            "waits": self.begin("sim-busy", expiry=15),
            "over": self.begin("sim-read"),
        }
        for what, flow in begun.items():
            self.when(flow, STAGES.get(what, lambda shown: racing(self, shown)))
        return begun

    def item(self, workflow_id):
        found = self.dynamodb.get_item(TableName=self.table, Key=self.key(workflow_id), ConsistentRead=True)
        return found["Item"]

    def add_fields(self, workflow_id):
        """Store fields of a release to come in a workflow, in its steps and in its timeline."""
        self.dynamodb.update_item(
            TableName=self.table,
            Key=self.key(workflow_id),
            UpdateExpression="SET later = :x, steps[0].later = :x, steps[1].later = :x, timeline[0].later = :x "
            "ADD version :one",
            ExpressionAttributeValues={":x": LATER, ":one": {"N": "1"}},
        )

    @property
    def dynamodb(self):
        return stack.client(self.place, "dynamodb")

    @property
    def table(self):
        return stack.resources(self.place)["Table"]

    @staticmethod
    def key(workflow_id):
        return {"pk": {"S": f"workflow#{workflow_id}"}, "sk": {"S": "state"}}

    def read_by_hand(self, workflow_id):
        (uuid,) = [step["message_uuid"] for step in self.get(workflow_id)["steps"] if "message_uuid" in step]
        answer = self.call("POST", f"/beta/sandbox/messages/{uuid}/status", json={"status": "read"})
        assert answer.status_code == 202, answer.text

    def advance(self, workflow_id):
        answer = self.call("POST", f"/beta/workflows/{workflow_id}/advance", json={"step": 0})
        assert answer.status_code == 200, answer.text

    def reports(self, workflow_id):
        """The final reports that reached the customer, by their sequence."""
        bodies = [one.body for one in self.inbox.requests if one.body.get("workflow_uuid") == workflow_id]
        return {body["sequence"]: body["status"] for body in bodies}


def message(channel, to):
    sender = {"messenger": {"id": "sim-page"}, "sms": {"number": "ACME"}}[channel]
    return {
        "from": {"type": channel, **sender},
        "to": {"type": channel, **to},
        "message": {"content": {"type": "text", "text": "Hello"}},
    }


def racing(upgraded, shown):
    """The first message was sent, and its expiry and outcome race."""
    return shown["steps"][0]["state"] == "sent" and "task_token" in upgraded.item(shown["workflow_uuid"])


STAGES = {
    "waits": lambda shown: any(one["event"] == "postponed" for one in shown["timeline"]),
    "over": lambda shown: shown["status"] == "completed",
    "expires": lambda shown: shown["steps"][0]["state"] in ("sent", "expired"),
}
ENDS = {
    "read by hand": (["messenger"], {"met"}),
    "advanced": (["messenger", "sms"], {"advanced"}),
    "expires": (["messenger", "sms"], {"expired"}),
    "waits": (["sms"], {"unsendable", "expired"}),
    "over": (["messenger"], {"met"}),
}
"""The channels on which each workflow's messages are accepted, and why its first step may end.

The one that waits is never taken. A deployment here ends the calls that run, so it may also die while it is requested;
then its expiry decides. On AWS a deployment lets them end.
"""


@pytest.fixture
def upgraded(tmp_path, previous):
    """The previous release, deployed, beside builds of both."""
    place = Place(tmp_path / "stack", free_port(), free_port(), inbox_port=free_port())
    sources = {"previous": {"source": previous}, "this": {}}
    inbox = MessagesServer()
    for folder in (place.folder, *(tmp_path / name for name in sources)):
        folder.mkdir()
    with ThreadPoolExecutor() as threads:
        building = [
            threads.submit(stack.build, replace(place, folder=tmp_path / name), **more)
            for name, more in sources.items()
        ]
        engines.start(place)
        try:
            for one in building:
                one.result()
            mark(tmp_path / "this/build")
            yield Upgraded(place, {name: tmp_path / name / "build" for name in sources}, inbox)
        finally:
            engines.stop(place)
            inbox.close()
            shutil.rmtree(tmp_path, ignore_errors=True)


def mark(built):
    """Let this release tell itself from the previous one, whose version it may still have."""
    path = built / "FailoverLayer/python/failover/openapi.json"
    document = json.loads(path.read_text())
    document["info"]["version"] = "this"
    path.write_text(json.dumps(document))


@pytest.mark.timeout(900)
def test_upgrade_and_rollback(upgraded):
    """Workflows of both releases end as they should, none is sent twice, and no field of a later release is lost."""
    first = upgraded.release
    old = upgraded.begin_all("old")

    upgraded.deploy("this")
    assert upgraded.release == "this" != first
    upgraded.read_by_hand(old["read by hand"])
    new = upgraded.begin_all("new")
    for flow in (*new.values(), old["advanced"]):
        upgraded.add_fields(flow)

    upgraded.deploy("previous")
    assert upgraded.release == first
    upgraded.read_by_hand(new["read by hand"])
    for begun in (old, new):
        upgraded.advance(begun["advanced"])
    newest = {"over": upgraded.begin("sim-read")}

    for begun in (old, new, newest):
        for what, flow in begun.items():
            channels, outcomes = ENDS[what]
            shown = upgraded.over(flow)
            assert (shown["status"], shown["steps"][0]["state"] in outcomes) == ("completed", True), (what, shown)
            sent = [one["step"] for one in shown["timeline"] if one["event"] == "sent"]
            assert [shown["steps"][number]["channel"] for number in sent] == channels, what
            requested = [channel for channel in upgraded.sent(flow) if (what, channel) != ("waits", "messenger")]
            assert requested == channels, f"{what}: requested once on each channel"
    for flow in (*new.values(), old["advanced"]):
        item = upgraded.item(flow)
        places = [item, *(step["M"] for step in item["steps"]["L"]), item["timeline"]["L"][0]["M"]]
        assert [place.get("later") for place in places] == [LATER] * 4
    machine = stack.resources(upgraded.place)["StateMachine"]
    executions = stack.client(upgraded.place, "stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    assert {one["status"] for one in executions} <= {"SUCCEEDED", "RUNNING"}
    for flow in (*old.values(), *new.values(), *newest.values()):
        upgraded.when(flow, lambda _, flow=flow: "completed" in upgraded.reports(flow).values())
