"""The docs cover everything a user can meet."""

import ast
import inspect
import json
import re
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from functools import reduce
from types import SimpleNamespace

import jwt
import pytest

from failover.problems import CATALOGUE
from failover.rules.formats.pages import Position
from failover.rules.receipts.receipt import Receipt
from failover.rules.requests import redelivery
from failover.rules.requests.plan import planned
from failover.rules.requests.request import validated
from failover.rules.sending.answers import Accepted
from failover.rules.timing import timeouts
from failover.rules.webhooks import bodies, delivery, failed, signing, webhook_url
from failover.rules.workflow import listing, presentation, publication, summary, transitions
from failover.rules.workflow.state import EVENTS
from failover.settings import from_environment
from failover.use_cases.callers.authenticate import Caller
from failover.use_cases.callers.register import COMMANDS
from failover.use_cases.webhooks import follow_webhooks
from tests import acts, examples
from tests.documented import API, row, section
from tests.world import ROOT, template

OPERATIONS = (ROOT / "docs/operations.md").read_text()
SOURCES = "".join(path.read_text() for path in (ROOT / "layers/failover/failover").rglob("*.py"))


@pytest.mark.parametrize("kind", CATALOGUE, ids=lambda kind: kind.type.rpartition("#")[2])
def test_problems(kind):
    """Every problem of the catalogue is in the table with its status, type and title."""
    fragment = kind.type.rpartition("#")[2]
    assert re.search(rf"^\| {kind.status} \| `[^`]*#{fragment}` \| {re.escape(kind.title)} \|", API, re.MULTILINE)


class Environment(dict):
    """Records the names of the variables that are read."""

    def get(self, name, default=None):
        self[name] = default
        return default


def test_settings():
    """Every environment variable is documented."""
    from_environment(environment := Environment())
    assert environment
    assert [name for name in environment if f"| `{name}` |" not in OPERATIONS] == []


@pytest.mark.parametrize("parameter", template()["Parameters"])
def test_parameters(parameter):
    """Every parameter of the template is documented with its default."""
    default = str(template()["Parameters"][parameter]["Default"])
    assert row(OPERATIONS, f"`{parameter}`")[0] == (f"`{default}`" if default else "empty")


@pytest.mark.parametrize(
    "metric",
    sorted(set(re.findall(r'(?:count|count_many|count_none|measure_seconds|measure_price)\("(\w+)"', SOURCES))),
)
def test_metrics(metric):
    """Every metric is documented."""
    assert f"| `{metric}` |" in OPERATIONS


def test_timeline_events():
    """The page lists exactly the kinds of timeline entries."""
    table = section("Timeline").partition("|---|---|---|\n")[2].partition("\n\n")[0]
    assert [line.split("`")[1] for line in table.splitlines()] == list(EVENTS)


def logged_fields():
    """Every field in a call of the logger, by keyword or in an unpacked dictionary."""
    names = set()
    for path in [*(ROOT / "layers/failover/failover").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]:
        tree = ast.parse(path.read_text())
        for call in [node for node in ast.walk(tree) if isinstance(node, ast.Call)]:
            if not (isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "logger"):
                continue
            for keyword in call.keywords:
                names |= {keyword.arg} if keyword.arg else keys_of(tree, keyword.value)
    return names


def keys_of(tree, unpacked):
    """The keys of every dictionary assigned to a name in a module."""
    assert isinstance(unpacked, ast.Name), "a log line unpacks something that is not a local name"
    assigned = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == [unpacked.id]
    ]
    return {key.value for value in assigned for node in ast.walk(value) for key in getattr(node, "keys", ())}


def test_log_fields():
    """The table of log fields matches the fields logged, plus those the logger adds to every line."""
    table = OPERATIONS.partition("## Logs")[2].partition("| field | meaning |\n|---|---|\n")[2].partition("\n\n")[0]
    documented = {name for line in table.splitlines() for name in re.findall(r"`(\w+)`", line.split(" | ")[0])}
    assert documented == logged_fields() | {"level", "timestamp", "service", "location", "message"}


DECIDED = (
    "Endpoints",
    "Which word a customer sees",
    "Unknown fields",
    "Tolerated input",
    "Rejected input",
    "`condition_status: read` on SMS or MMS",
    "Two steps on the same channel",
    "Errors",
    "Status of a validation error",
    "JWT without `exp`",
    "`read` and `delivered`",
    "Expiry clock",
    "Sent but unknown",
    "Last step",
    "Late status",
    "Final report",
    "Failure and success of one message",
    "Cancel",
    "Customer's webhook URL",
    "Customer's webhooks",
    "Incoming status callbacks",
    "Calls we make",
    "Credentials for the Messages API",
    "Beyond the original",
)
"""The open questions that needed a decision, by their short names."""


@pytest.mark.parametrize("question", DECIDED)
def test_decisions(question):
    """Every open question has one row among the decisions."""
    assert row(section("Decisions"), question)[0]


def documented_fields(title):
    """The fields with a row in the section's table `| field | meaning |`."""
    table = section(title).partition("| field | meaning |\n|---|---|\n")[2].partition("\n\n")[0]
    return {name for line in table.splitlines() for name in re.findall(r"`([^`]+)`", line.split(" | ")[0])}


def fields(document, name=""):
    """The dotted names of all fields in a document: `_links.messages[].href`."""
    if isinstance(document, dict):
        nested = [fields(value, f"{name}.{key}" if name else key) for key, value in document.items()]
        return set().union(*nested)
    if isinstance(document, list):
        return set().union(*(fields(value, f"{name}[]") for value in document))
    return {name}


def lived(word, prices=("EUR", "EUR")):
    """A workflow with every optional event: failures with errors, prices, references, an amendment."""
    started = replace(examples.workflow(*examples.TWO_STEPS), word=word, client_ref="table-12")
    error, now = {"code": 1340, "reason": "outside the window"}, examples.NOW
    first, second = ({"price": "0.0333", "currency": currency} for currency in prices)
    happened = [
        lambda w: transitions.claimed(w, 0, now),
        lambda w: transitions.answered(w, 0, Accepted("m0"), now),
        lambda w: transitions.received(w, 0, Receipt("rejected", "m0", None, now, error, first), now),
        lambda w: transitions.claimed(w, 1, now),
        lambda w: transitions.answered(w, 1, Accepted("m1"), now),
        lambda w: transitions.received(w, 1, Receipt("rejected", "m1", None, now, error), now),
        lambda w: transitions.received(w, 1, Receipt("submitted", "m1", None, now, None, second), now),
    ]
    return reduce(lambda workflow, act: act(workflow), happened, started)


def webhook_bodies(kind):
    """Every webhook of one kind that such workflows have, in both words, with one currency and with two."""
    lives = [lived(word, prices) for word in ("workflow", "dispatch") for prices in (("EUR", "EUR"), ("EUR", "USD"))]
    lives.append(acts.lived(acts.sent(0), acts.advanced(0)))
    contents = [examples.MESSENGER, examples.SMS], None
    return [
        bodies.body(workflow, content, entry)
        for workflow in lives
        for content in contents
        for entry in publication.webhooks(workflow)
        if (publication.kind(entry) == "message_status") == (kind == "status")
    ]


@pytest.mark.parametrize(("kind", "title"), [("status", "A message's status"), ("report", "The final report")])
def test_webhook_fields(kind, title):
    """The rows are exactly the fields of both webhooks."""
    assert documented_fields(title) == set().union(*map(fields, webhook_bodies(kind)))


@pytest.mark.parametrize(("kind", "title"), [("status", "A message's status"), ("report", "The final report")])
def test_webhook_examples(kind, title):
    """Every field in a documented webhook can occur in a real one."""
    example = json.loads(re.search(r"```json\n(.*?)```", section(title), re.DOTALL)[1])
    assert fields(example) <= set().union(*map(fields, webhook_bodies(kind)))


def test_attempts_fields():
    """The rows are exactly the fields of the attempts resource."""
    made = [{"number": 1, "at": 0, "milliseconds": 1, "answer": 500}, {"number": 2, "at": 0, "error": "timeout"}]
    made[-1]["next_attempt_at"] = examples.NOW
    workflow = lived("workflow")
    one = {"state": "pending", "last_attempt": 2, "attempts": made}
    recorded = {entry["sequence"]: one for entry in publication.webhooks(workflow)}
    world = SimpleNamespace(
        now=lambda: examples.NOW,
        store=SimpleNamespace(read_whole=lambda _: (workflow, None)),
        deliveries=SimpleNamespace(of=lambda _: recorded, known=lambda _: None),
    )
    shown = follow_webhooks.show_webhooks(world, Caller(workflow.account), workflow.id)
    assert documented_fields("Attempts and redelivery") == fields(shown)


def test_failed_webhooks():
    """Every field of the list of failed webhooks is documented, and its example has the fields of a real answer."""
    page = section("Failed webhooks")
    example = json.loads(re.search(r"```json\n(.*?)```", page, re.DOTALL)[1])
    workflow = replace(lived("workflow"), id=example["webhooks"][0]["workflow_uuid"])
    attempt = {"number": 1, "at": examples.NOW, "milliseconds": 87, "answer": 401}
    item = {"pk": f"workflow#{workflow.id}", "sk": "webhook#00004", **failed.kept(workflow, 4, attempt)}
    assert fields(failed.row(item)) == fields(example["webhooks"][0])
    documented = {name.partition(".")[0] for name in documented_fields("Failed webhooks")}
    assert documented == {*failed.row(item), "dispatch_uuid"}
    assert re.fullmatch(failed.CURSOR, example["cursor"])
    assert f"up to {redelivery.MOST_AT_ONCE} webhooks" in page


def test_claims():
    """Every claim of a webhook's signature is documented."""
    header = signing.authorization(b"{}", "a secret of thirty-two bytes and more", 0, "abcd1234", examples.ID, "jti")
    claims = jwt.decode(header.removeprefix("Bearer "), options={"verify_signature": False})
    assert {line.split("`")[1] for line in section("Signature").splitlines() if line.startswith("| `")} == set(claims)


def test_plan_fields():
    """The rows are exactly the fields of a plan."""
    steps = {**examples.MESSENGER, "client_ref": "order-4711"}, examples.VIBER, examples.SMS
    asked = validated({**examples.request(*steps), "client_ref": "table-12"})
    assert documented_fields("Plan") == fields(planned(asked, None, examples.NOW, 72 * examples.HOUR))


def test_list():
    """Every filter of the list and every field of an entry is documented."""
    page = section("List")
    rows = {name for line in page.splitlines() if line.startswith("| `") for name in re.findall(r"`(\w+)`", line[:40])}
    assert rows >= {
        "cursor" if filters.name == "after" else filters.name for filters in dataclass_fields(listing.Filters)
    }
    item = {"word": "workflow", "pk": "workflow#x", "status": "error", "created_at": 0, "ended_at": 0, "channels": []}
    entry = listing.row({**item, "reason": "r", "client_ref": "c"})
    shown = listing.answer([entry], Position(0, "x"), "dispatch", examples.NOW)
    assert all(f"`{name}`" in page or f'"{name}"' in page for name in {*shown, *shown["dispatches"][0]})


def test_summary():
    """Every field of a summary is documented, and the example has exactly the fields of a real answer."""
    page, flows = section("Summary"), [examples.workflow("sms"), lived("workflow"), completed()]
    shown = summary.summary(flows, summary.Asked(0, 0), 0, exact=True)
    example = json.loads(re.search(r"```json\n(.*?)```", page, re.DOTALL)[1])
    assert fields(shown) == fields(example)
    cells = " ".join(re.findall(r"^\| (`[^|]+) \|", page, re.MULTILINE))
    of_times = shown["times"][0].keys() - {"channel", "condition_status"}
    assert set(re.findall(r"`(.+?)`", cells)) == {*shown, *(f"times[].{name}" for name in of_times)}
    assert f"more than {summary.MOST_WORKFLOWS:,} workflows" in page
    assert f"At most {summary.MOST_POINTS} points" in page


def completed():
    flow = transitions.claimed(examples.workflow(*examples.TWO_STEPS), 0, examples.NOW)
    return transitions.received(flow, 0, Receipt("read", "m", None, None), examples.NOW)


def test_cancel_words():
    """Each state in the answer to a cancel is documented."""
    flow = transitions.claimed(examples.workflow(*examples.THREE_STEPS), 0, examples.NOW)
    flow = transitions.answered(flow, 0, Accepted("m"), examples.NOW)
    flow = transitions.received(flow, 0, Receipt("rejected", "m", None, examples.NOW), examples.NOW)
    flow = transitions.claimed(flow, 1, examples.NOW)
    states = [step["state"] for step in presentation.cancelled(flow)["steps"]]
    assert states == ["sent", "in_flight", "never_sent"]
    assert all(row(section("Cancel"), f"`{state}`")[0] for state in states)


URL_FAULTS = re.findall(r'"(Should [^"]+)"', inspect.getsource(webhook_url))
ATTEMPT_FAULTS = re.findall(r'\b(?:Failed|Forbidden)\("([^"]+)"\)', SOURCES)


@pytest.mark.parametrize("reason", sorted({reason.replace("{LONGEST}", "2000") for reason in URL_FAULTS}))
def test_url_faults(reason):
    """Every reason for a refused URL is documented verbatim."""
    assert f"| `{reason}` |" in section("Allowed URLs")


@pytest.mark.parametrize("reason", sorted(set(ATTEMPT_FAULTS)))
def test_attempt_faults(reason):
    """Every reason for an attempt without an answer is documented."""
    assert row(section("Attempts and redelivery"), f"`{reason}`")[0]


def test_delivery_numbers():
    """The documented pauses and timeouts of a delivery are those of the code."""
    page = re.sub(r"\s+", " ", section("Delivery"))
    longest = delivery.pause(10_000)
    *first, last = (pause for number in range(1, 100) if (pause := delivery.pause(number)) < longest)
    sentence = f"{', '.join(map(str, first))} and {last} s after the attempt before, then every {longest} s"
    assert sentence in page, f'docs/api.md, "Delivery", should say: {sentence}'
    assert f"{timeouts.CONNECT_SECONDS} s to connect and {timeouts.RESPONSE_SECONDS} s for the answer" in page
    assert f"within {delivery.PATIENCE // 3600} hours" in page


@pytest.mark.parametrize("action", sorted(COMMANDS.entries))
def test_commands(action):
    """Every command of the function `accounts` is in the table with its fields, and with which of them are optional."""
    fields = COMMANDS.entries[action].fields.model_fields.items()
    named = [f"`{name}`" + ("" if field.is_required() else " (optional)") for name, field in fields if name != "action"]
    assert set(row(OPERATIONS, f"`{action}`")[0].split(", ")) == set(named or ["none"])


QUEUES = [name for name, resource in template()["Resources"].items() if resource["Type"] == "AWS::SQS::Queue"]


@pytest.mark.parametrize("queue", QUEUES)
def test_queues(queue):
    """Every queue is documented, the sandbox's on its own page."""
    sandbox = (ROOT / "docs/sandbox.md").read_text()
    assert f"`{queue}`" in sandbox if queue.startswith("Sandbox") else row(OPERATIONS, f"`{queue}`")


PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links(page):
    """Every link to one of our pages leads to an existing heading."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        linked = (page.parent / file).resolve() if file else page
        assert linked.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", linked.read_text(), re.MULTILINE)
            anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in anchors, target


DOCUMENTED = re.findall(
    r"^```json\n(.*?)^```", API + (ROOT / "docs/migration.md").read_text(), re.MULTILINE | re.DOTALL
)
REQUESTS = [block for block in DOCUMENTED if '"workflow": [' in block]


@pytest.mark.parametrize("block", REQUESTS, ids=range(len(REQUESTS)))
def test_requests(block):
    """Every documented request is accepted."""
    body = json.loads(block)
    assert validated(body.get("request", body)).steps


PROGRAMS = sorted((ROOT / "tests/clients/generated").iterdir())


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.name)
def test_programs(program):
    """The documented programs for generated clients are the ones the tests run."""
    assert f"\n{program.read_text()}```\n" in section("Generate a client")


SHOWN = {
    "receivers.md": sorted((ROOT / "tests/clients/receivers").iterdir()),
    "migration.md": sorted((ROOT / "tests/clients").glob("application_token.*")),
}


@pytest.mark.parametrize("page", SHOWN)
def test_shown_programs(page):
    """The documented receivers and the programs that make a token are the ones the tests run."""
    text = (ROOT / "docs" / page).read_text()
    assert SHOWN[page]
    assert all(f"\n{program.read_text()}```\n" in text for program in SHOWN[page])
