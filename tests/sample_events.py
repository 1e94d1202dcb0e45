"""The events of `events/`, and the functions they are for."""

import json

from tests.world import ROOT, load, logical_id, template

EVENTS = {path.stem: json.loads(path.read_text()) for path in (ROOT / "events").glob("*.json")}


def event(name, authorization=None):
    copy = json.loads(json.dumps(EVENTS[name]))
    if authorization:
        copy["headers"]["Authorization"] = authorization
        copy["multiValueHeaders"]["Authorization"] = [authorization]
    return copy


def handler_of(name):
    """The function an event is for: its resource has the event's name."""
    properties = template()["Resources"][logical_id(name)]["Properties"]
    module, _, function = properties.get("Handler", "app.handler").partition(".")
    return getattr(load(properties["CodeUri"].removeprefix("functions/"), module), function)
