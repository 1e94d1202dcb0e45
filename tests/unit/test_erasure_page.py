"""docs/erasure.md says what the code does."""

import re

import pytest

from failover.rules.channels.channel_table import CHANNELS
from failover.rules.erasure import proof, recipients
from failover.rules.requests.request import MAX_STEPS
from failover.rules.requests.steps import EXPIRY
from failover.rules.workflow import retention
from failover.rules.workflow.state import Step
from failover.use_cases.erasure.commands import COMMANDS
from tests.documented import row
from tests.examples import ID, NOW, SMS, workflow
from tests.world import ROOT, template

PAGE = (ROOT / "docs/erasure.md").read_text()
DAY = 86_400


def test_commands():
    """Every command is in the table with its fields, and with which of them are optional; no other is."""
    table = PAGE.partition("## Commands")[2].partition("\n\n`recipient` is")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(COMMANDS.entries)
    for action, entry in COMMANDS.entries.items():
        fields = [(name, field) for name, field in entry.fields.model_fields.items() if name != "action"]
        named = [f"`{name}`" + ("" if field.is_required() else " (optional)") for name, field in fields]
        assert row(PAGE, f"`{action}`")[0].split(", ") == named, action


def test_fields_of_the_proof():
    """Every field of a proof is documented."""
    verdict = proof.verdict(None, NOW, kept=True, cancelled=False)
    about = proof.shown(ID, workflow("sms"))
    one = proof.erased(about, workflow("sms"), verdict, before=False)
    signed = proof.document("stack", [], [one], NOW, complete=True)
    table = PAGE.partition("## The proof")[2].partition("\n\nThe signature")[0]
    named = set(re.findall(r"`(\w+)`", table))
    assert set(signed) | set(signed["totals"]) | set(signed["kept"]) | set(one) <= named


@pytest.mark.parametrize(
    ("said", "is_so"),
    [
        ("400 days, as evidence", proof.KEPT_SECONDS == 400 * DAY),
        ("`stream_until`: 24 hours", proof.STREAM == DAY * 1000),
        ("`backups_until`: 35 days", proof.BACKUPS == 35 * DAY * 1000),
    ],
)
def test_periods(said, is_so):
    """The periods on the page are those of the code."""
    assert said in PAGE
    assert is_so


def test_the_longest_life():
    """Workflows of an earlier release end within the days that the page names; entries expire within those it names."""
    steps = (Step("sms", "delivered", EXPIRY.high),) * (MAX_STEPS - 1) + (Step("whatsapp"),)
    life = retention.longest_life(steps, max(row.receipt_window for row in CHANNELS.values())) / DAY
    days = int(re.search(r"at most that and (\d+) days", PAGE)[1])
    assert life <= days < life + 1
    later = int(re.search(r"twice `ContentRetentionDays` and (\d+) days", PAGE)[1])
    assert life + retention.REMOVAL / DAY <= later < life + retention.REMOVAL / DAY + 1
    assert template()["Parameters"]["ReceiptWindowHours"]["MaxValue"] * 3600 <= 30 * DAY


def test_a_number_is_one_address():
    """A number has the same hash on all its channels; ids differ by channel, and from numbers."""
    numbers = [{"type": row.name, "number": "447700900000"} for row in CHANNELS.values() if row.recipient == "number"]
    by_id = [{"type": row.name, "id": "447700900000"} for row in CHANNELS.values() if row.recipient == "id"]
    assert len({recipients.address(to) for to in numbers}) == 1
    assert len({recipients.address(to) for to in [*numbers, *by_id]}) == 1 + len(by_id)


def test_keys_and_purposes():
    """A hash depends on the key, and no hash of a recipient can be passed off as a signature."""
    (address,) = recipients.addresses([SMS])
    assert recipients.keyed_hash("a", address) != recipients.keyed_hash("b", address)
    assert recipients.keyed_hash("a", address) != proof.signature("a", address)
