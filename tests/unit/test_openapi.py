"""The OpenAPI document: the committed one, and what it must describe."""

import json

import pytest
from openapi_spec_validator import validate

from failover.problems import CATALOGUE
from failover.rules.channels import CHANNELS
from failover.rules.workflow import OUTCOMES, STATES
from local.openapi import PATH, text
from tests.described import DOCUMENT


def test_committed():
    """The committed document is the one the code makes."""
    assert PATH.read_text() == text(), "make openapi"


def test_valid():
    """It is an OpenAPI 3.1 document, after the specification."""
    assert DOCUMENT["openapi"].startswith("3.1.")
    validate(DOCUMENT)


@pytest.mark.parametrize("kind", CATALOGUE, ids=lambda kind: kind.title)
def test_problems(kind):
    """Each problem of the catalogue is told, by type and title, with its status."""
    described = DOCUMENT["components"]["responses"][f"Problem{kind.status}"]["description"]
    assert f"{kind.title} ({kind.type})" in described


def test_statuses():
    """Every status of a workflow, a step and a message is one of the words described, and every channel."""
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["WorkflowStatus"]["enum"] == list(STATES)
    assert set(OUTCOMES) < set(schemas["StepState"]["enum"])
    assert set(schemas["Channel"]["enum"]) == set(CHANNELS)
    for word in ("submitted", "delivered", "read", "rejected", "undeliverable"):
        assert f"`{word}`: " in schemas["MessageStatus"]["description"]


def test_webhooks():
    """Both webhooks are described, with what they carry."""
    assert set(DOCUMENT["webhooks"]) == {"messageStatus", "finalReport"}
    for webhook in DOCUMENT["webhooks"].values():
        (content,) = webhook["post"]["requestBody"]["content"].values()
        assert content["schema"]["$ref"].rsplit("/", 1)[1] in DOCUMENT["components"]["schemas"]


def test_every_channel_has_its_limits():
    """The limit of each channel's text is in the document, from the channel table."""
    written = json.dumps(DOCUMENT["components"]["schemas"])
    for channel in CHANNELS.values():
        if channel.text_limit:
            assert f'"maxLength": {channel.text_limit}' in written
