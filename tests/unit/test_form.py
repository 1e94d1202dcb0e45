"""What a form needs is the whole channel table, and describes every valid message."""

import pytest

from failover.rules.channels.channel_table import CHANNELS
from failover.rules.channels.kinds import VERSIONS
from failover.rules.requests import form
from tests import examples, variations


@pytest.mark.parametrize("version", VERSIONS)
def test_whole_table(version):
    """Every channel, content type and option of this version is there, and none of another version."""
    channels = {channel["name"]: channel for channel in form.described(version)["channels"]}
    assert list(channels) == [name for name, row in CHANNELS.items() if version in row.versions]
    for name, channel in channels.items():
        row = CHANNELS[name]
        assert (channel["sender"], channel["recipient"]) == (row.sender, row.recipient)
        assert channel["conditions"] == row.conditions
        for part, fields in (("contents", row.contents), ("options", row.options)):
            expected = [one.name for one in fields if version in one.versions]
            assert [one["name"] for one in channel[part]] == expected
        for content in channel["contents"]:
            (field,) = content["fields"]
            assert (field["name"], field["required"]) == (content["name"], True)
    assert len(channels["sms"]["contents"]) == 1
    assert channels["sms"]["contents"][0]["fields"][0]["longest"] == {"v1": 3200, "v0.1": 1000}[version]


CHANNELS_OF_THE_FORM = {channel["name"]: channel for channel in form.described("v1")["channels"]}


def test_valid_messages():
    """Every valid message, also at the bounds of its fields, has only fields and values that the form allows."""
    for step in [*examples.messages().values(), *(step for _, step in variations.steps())]:
        check_message(step)


def check_message(step):
    channel = CHANNELS_OF_THE_FORM[step["to"]["type"]]
    content = step["message"]["content"]
    (described,) = [one for one in channel["contents"] if one["name"] == content["type"]]
    check_object({key: value for key, value in content.items() if key != "type"}, described["fields"])
    allowed = [one for one in channel["options"] if content["type"] in one.get("with_content", [content["type"]])]
    options = step["message"].get(channel["name"], {})
    check_object(options, allowed)
    required = {one["name"] for one in allowed if content["type"] in one.get("required_with", [])}
    assert required <= options.keys()


def check_object(value, fields):
    described = {one["name"]: one for one in fields}
    assert value.keys() <= described.keys()
    for name, one in described.items():
        other, word = one.get("required_when", (None, None))
        assert name in value or not one.get("required", other and value.get(other) == word)
        if name in value:
            check(value[name], one)


def check(value, described):
    match described["kind"]:
        case "string" | "url":
            assert described.get("shortest", 0) <= len(value) <= described["longest"]
        case "word":
            assert value in described["words"]
        case "whole":
            assert described["lowest"] <= int(value) <= described["highest"]
        case "flag":
            assert value in (True, False)
        case "list":
            assert described.get("fewest", 0) <= len(value) <= described.get("most", len(value))
            for one in value:
                check(one, described["of"])
        case "object":
            check_object(value, described["fields"])
        case "one_of":
            ((name, one),) = value.items()
            check_object({name: one}, [one for one in described["fields"] if one["name"] == name])
        case "tagged":
            (case,) = [case for case in described["cases"] if case["word"] == value[described["tag"]]]
            check_object({key: one for key, one in value.items() if key != described["tag"]}, case["fields"])
        case "matching" | "address" | "parameter" | "any_object":
            assert described["wanted"]
        case kind:
            raise AssertionError(kind)
