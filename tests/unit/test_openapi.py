"""The OpenAPI document: the committed one, and what it must describe."""

import pytest
from openapi_spec_validator import validate

from failover.problems import CATALOGUE
from failover.rules.channels.channel_table import CHANNELS
from failover.rules.requests.request import validated
from failover.rules.workflow.state import OUTCOMES, STATES
from local.openapi import PATH, text
from tests.described import DOCUMENT, check
from tests.examples import SMS, request


def camel(name):
    return "".join(part.title() for part in name.split("_"))


def test_committed():
    """The committed document is the one the code makes."""
    assert PATH.read_text() == text(), "make generate"


def test_valid():
    """The document is valid OpenAPI 3.1."""
    assert DOCUMENT["openapi"].startswith("3.1.")
    validate(DOCUMENT)


@pytest.mark.parametrize("kind", CATALOGUE, ids=lambda kind: kind.title)
def test_problems(kind):
    """Each problem of the catalogue is described by type, title and status."""
    described = DOCUMENT["components"]["responses"][f"Problem{kind.status}"]["description"]
    assert f"{kind.title} ({kind.type})" in described


def test_statuses():
    """Every channel and every status of a workflow, a step and a message is one of the described words."""
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["WorkflowStatus"]["enum"] == list(STATES)
    assert set(OUTCOMES) < set(schemas["StepState"]["enum"])
    assert set(schemas["Channel"]["enum"]) == set(CHANNELS)
    for word in ("submitted", "delivered", "read", "rejected", "undeliverable"):
        assert f"`{word}`: " in schemas["MessageStatus"]["description"]


def test_an_error_with_a_code_alone():
    """An error's reason may be empty, and the document says when."""
    check("MessageError", {"code": 1300, "reason": ""})
    assert "empty" in DOCUMENT["components"]["schemas"]["MessageError"]["properties"]["reason"]["description"]


def test_webhooks():
    """Both webhooks are described with their fields."""
    assert set(DOCUMENT["webhooks"]) == {"messageStatus", "finalReport"}
    for webhook in DOCUMENT["webhooks"].values():
        (content,) = webhook["post"]["requestBody"]["content"].values()
        assert content["schema"]["$ref"].rsplit("/", 1)[1] in DOCUMENT["components"]["schemas"]


def test_every_channel_has_its_limits():
    """The document has each channel's text limit from the channel table."""
    schemas = DOCUMENT["components"]["schemas"]
    for channel in CHANNELS.values():
        (limit,) = [one.kind.most for one in channel.contents if one.name == "text"]
        assert schemas[f"{camel(channel.name)}TextContent"]["properties"]["text"]["maxLength"] == limit


def test_every_object_is_closed():
    """No object of a request allows further fields, because a typo in a step is a fault."""
    prefixes = tuple(map(camel, CHANNELS))
    for name, schema in DOCUMENT["components"]["schemas"].items():
        if name.startswith(prefixes) and schema.get("type") == "object":
            assert schema["additionalProperties"] is False, name


def objects_in(part):
    """Every JSON object in a part of the document, itself included. Generators make no types of conditions."""
    if isinstance(part, dict):
        yield part
        part = [inner for name, inner in part.items() if name not in ("if", "then")]
    for inner in part if isinstance(part, list) else ():
        yield from objects_in(inner)


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_generators(name):
    """No component costs a generated client a type or its syntax.

    Forbidden are objects without a name, lists whose items differ by position, constants and words without a type,
    and line separators, which one generator writes into its regular expressions.
    """
    component, *inner = objects_in(DOCUMENT["components"]["schemas"][name])
    assert not any("properties" in schema for schema in inner)
    for schema in (component, *inner):
        assert "prefixItems" not in schema
        assert schema.get("type") == "string" or not {"const", "enum"} & set(schema)
        assert "\\u2028" not in schema.get("pattern", "")


WEBHOOK_URLS = (
    "https://hooks.example.com:8443/x",
    "https://hooks.example.com?token=1",
    "https://3.example.com/x",
    "https://my_host.example.com/x",
    "https://8.8.8.8/x",
    "https://[2606:4700::1111]/x",
)


@pytest.mark.parametrize("url", WEBHOOK_URLS)
def test_webhook_urls(url):
    """The document refuses no webhook URL that the API accepts."""
    body = {**request(SMS), "webhook_url": url}
    assert validated(body).webhook_url == url
    check("WorkflowRequest", body)
