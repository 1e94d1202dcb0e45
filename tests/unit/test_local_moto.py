"""The local stack's replacements in moto's interpreter of state machines."""

import inspect
import json
from hashlib import sha256

import yaml
from moto.stepfunctions.parser.asl.parse import asl_parser
from moto.stepfunctions.parser.asl.utils import boto_client

from local import moto
from tests.world import ROOT

DEFINITION = json.dumps(yaml.safe_load((ROOT / "statemachine/failover.asl.yaml").read_text())).replace("${", "{")


def test_internals():
    """moto's replaced parts have not changed. If this fails, read the changes, adapt, and update the hash."""
    parts = (asl_parser.AmazonStateLanguageParser, boto_client)
    assert (
        sha256("".join(map(inspect.getsource, parts)).encode()).hexdigest()
        == "39cbe5ef0676660b23066badd61927bb43eb31856a315ff439af069943ebf906"
    )


def test_programs_are_separate():
    """Each execution gets its own program, equal to the one that moto's parser builds."""
    first, tree = moto.parse(DEFINITION)
    second, same_tree = moto.parse(DEFINITION)
    assert tree is same_tree
    assert first is not second
    assert first.states is not second.states
    own, _ = asl_parser.AmazonStateLanguageParser.parse(DEFINITION)
    assert list(second.states.states) == list(own.states.states)


def test_clients_are_shared():
    """Tasks share one client for each service."""
    named = {"region_name": "eu-west-1", "endpoint_url": "http://127.0.0.1:1"}
    one = moto.client(service_name="lambda", **named)
    assert moto.client(service_name="lambda", **named) is one
    assert moto.client(service_name="dynamodb", **named) is not one
