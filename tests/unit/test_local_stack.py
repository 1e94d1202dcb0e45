"""What the local stack changes in the built template, for MiniStack."""

import copy

import pytest
import yaml

from local import stack
from tests.world import template


@pytest.fixture
def adapt(tmp_path):
    """Adapt a built template, and return the changed one."""

    def adapt(built):
        path = tmp_path / "build/template.yaml"
        path.parent.mkdir()
        path.write_text(yaml.safe_dump(built))
        stack._adapt_to_ministack(path)
        return yaml.safe_load(path.read_text())

    return adapt


@pytest.mark.parametrize("written", [7, {"Ref": "Some"}])
def test_the_concurrency_of_a_queue(adapt, written):
    """MiniStack gets the concurrency of a queue as a number, also if the template has it as a parameter."""
    built = copy.deepcopy(template())
    built["Parameters"]["Some"] = {"Type": "Number", "Default": 7}
    webhook = built["Resources"]["DeliverWebhook"]["Properties"]["Events"]["Webhook"]["Properties"]
    webhook["ScalingConfig"]["MaximumConcurrency"] = written
    adapted = adapt(built)["Resources"]["DeliverWebhook"]["Properties"]["Events"]["Webhook"]["Properties"]
    assert adapted["ScalingConfig"] == {"MaximumConcurrency": 7}


def test_every_concurrency(adapt):
    """No queue of the template is left with a concurrency that MiniStack cannot read."""
    resources = adapt(template())["Resources"].values()
    events = [event for one in resources for event in one["Properties"].get("Events", {}).values()]
    scaling = [event["Properties"]["ScalingConfig"] for event in events if "ScalingConfig" in event["Properties"]]
    assert scaling
    assert all(isinstance(one["MaximumConcurrency"], int) for one in scaling)
