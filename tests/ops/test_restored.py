"""The list of workflows of which something may be lost after a restore (docs/restore.md)."""

import json
from dataclasses import replace

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError

from failover.adapters.table import Table
from failover.adapters.workflow.store import Once, Store
from failover.rules.timing.instants import iso
from failover.rules.workflow import transitions
from ops import restored
from tests.acts import lived, sent
from tests.examples import MESSENGER, NOW, SMS, TWO_STEPS, workflow
from tests.world import create_table

BACKUP = NOW + 1000
LATER = NOW + 5000


def flow(number, **changes):
    return replace(workflow(*TWO_STEPS), id=f"{number:08x}-0000-4000-8000-000000000000", **changes)


@pytest.fixture
def tables(world):
    """The restored table, and the one from before, which went on."""
    create_table("Table", "old")
    now, old = Store(Table(world.table)), Store(Table("old"))
    over = transitions.cancelled(flow(1), NOW)
    for store, flows in (
        (now, [over, flow(2), flow(3, client_ref="order-3"), flow(9, created_at=LATER, account="bbbb2222")]),
        (old, [over, transitions.cancelled(flow(2), LATER), flow(3, client_ref="order-3")]),
        (old, [flow(4, created_at=LATER, account="aaaa1111")]),
    ):
        for one in flows:
            store.create(one, [MESSENGER, SMS], 0)
    return now, old


def rows(capsys, *more):
    capsys.readouterr()
    assert restored.main(["--table", "workflows", "--backup", iso(BACKUP), *more]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def shown(found):
    return [(one["workflow"][:8], one["old_table"], one["this_table"]) for one in found]


def test_with_the_old_table(tables, capsys):
    """Those that ran at the time of the backup are listed as they stood and stand, and those that were posted later."""
    found = rows(capsys, "--old", "old")
    assert shown(found) == [
        ("00000004", "running", "gone"),
        ("00000002", "cancelled", "running"),
        ("00000003", "running", "running"),
    ]
    assert found[-1] == {
        "account": "abcd1234",
        "workflow": flow(3).id,
        "client_ref": "order-3",
        "created_at": "2027-01-15T08:00:00.000+00:00",
        "old_table": "running",
        "this_table": "running",
    }


def test_without_it(tables, capsys):
    """Without the old table its state is unknown, and those that were posted later are not known."""
    assert shown(rows(capsys)) == [("00000002", "unknown", "running"), ("00000003", "unknown", "running")]


def test_keys(tables, capsys):
    """Keys of the old table are copied, and none that is there is replaced."""
    now, old = tables
    for store, number, key in ((now, 6, "both"), (old, 7, "both"), (old, 8, "only old")):
        once = Once(f"idempotency#{key}", f"digest {number}", flow(number).id, "workflow", NOW // 1000 + 86_400)
        store.create(flow(number), [MESSENGER, SMS], 0, once)
    assert restored.copy_keys("old", "workflows") == 1
    assert now.find_once("idempotency#both").request == "digest 6"
    assert now.find_once("idempotency#only old").workflow_id == flow(8).id
    rows(capsys, "--old", "old", "--copy-keys")
    assert restored.copy_keys("old", "workflows") == 0


@pytest.fixture
def old_key(tables):
    """The key "used" of the old table, which was used again after the backup, when its first use had expired."""
    now, old = tables
    for store, number, expires_at in ((now, 6, NOW // 1000 - 1), (old, 7, NOW // 1000 + 86_400)):
        once = Once("idempotency#used", f"digest {number}", flow(number).id, "workflow", expires_at)
        store.create(replace(flow(number), created_at=(expires_at - 86_400) * 1000), [MESSENGER, SMS], 0, once)


def test_a_key_of_an_earlier_use(tables, old_key):
    """A key that has expired in the backup, and was used again since, is copied."""
    assert restored.copy_keys("old", "workflows") == 1
    assert tables[0].find_once("idempotency#used").request == "digest 7"


def test_when_the_api_is_open(tables, old_key):
    """A key that a customer has used since the API is open stays, also if the copy is made late or again."""
    now, _ = tables
    later = NOW + 86_400_000
    once = Once("idempotency#used", "digest 8", flow(8).id, "workflow", later // 1000 + 86_400)
    now.create(flow(8, created_at=later), [MESSENGER, SMS], 0, once)
    assert restored.copy_keys("old", "workflows") == 0
    assert now.find_once("idempotency#used").request == "digest 8"


@pytest.mark.parametrize("lost", [False, True])
def test_it_dies_while_it_copies(tables, capsys, monkeypatch, lost):
    """If it dies between two keys, also when the answer to one is lost, the next run copies the rest."""
    now, old = tables
    for number in (6, 7, 8):
        once = Once(f"idempotency#{number}", f"digest {number}", flow(number).id, "workflow", NOW // 1000 + 86_400)
        old.create(flow(number), [MESSENGER, SMS], 0, once)
    dynamodb = boto3.client("dynamodb")
    monkeypatch.setattr(boto3, "client", lambda _: dynamodb)
    puts = []

    def fails(**_):
        puts.append(1)
        if len(puts) == 2:
            raise ReadTimeoutError(endpoint_url="https://secret.test")

    event = "after-call.dynamodb.PutItem" if lost else "before-call.dynamodb.PutItem"
    dynamodb.meta.events.register(event, fails)
    assert restored.main(["--table", "workflows", "--backup", iso(BACKUP), "--old", "old", "--copy-keys"]) == 1
    assert capsys.readouterr().err == "restored: ReadTimeoutError: run it again; what is copied stays\n"
    assert restored.copy_keys("old", "workflows") == (1 if lost else 2)
    assert [now.find_once(f"idempotency#{number}").request for number in (6, 7, 8)] == [
        "digest 6",
        "digest 7",
        "digest 8",
    ]


def test_keys_of_no_table():
    """Without the old table there is nothing to copy from."""
    with pytest.raises(SystemExit):
        restored.main(["--table", "workflows", "--backup", iso(BACKUP), "--copy-keys"])


def test_ended_meanwhile(tables, capsys):
    """One that has ended since then stays on the list, with its reason."""
    now, _ = tables
    last = lived(sent(0), sent(1, NOW + 700_000))
    ended = transitions.unconfirmed(last, NOW + 700_000 + last.receipt_window * 1000)
    now.create(replace(ended, id=flow(5).id), [MESSENGER, SMS], 0)
    assert shown(rows(capsys))[-1] == ("00000005", "unknown", "error: unconfirmed")


@pytest.mark.parametrize("time", ["2027-01-15T08:00:00", "yesterday"])
def test_a_time_without_a_zone(time, capsys):
    """The time of the backup names its zone: the machine's own would be a guess."""
    with pytest.raises(SystemExit):
        restored.main(["--table", "workflows", "--backup", time])
    assert "2026-11-26T09:59:00Z" in capsys.readouterr().err


def test_the_same_table(capsys):
    """A table is not compared with itself, as after the stack has the restored one."""
    with pytest.raises(SystemExit):
        restored.main(["--table", "workflows", "--old", "workflows", "--backup", iso(BACKUP)])
    assert "the same table" in capsys.readouterr().err
