"""The API for customers: `POST /workflows`, `GET /workflows/{id}`, and the same under the later name `dispatch`."""

from typing import Any

from failover import http_edge, resolver
from failover.outside import Outside
from failover.use_cases.accept import accept
from failover.use_cases.authenticate import authenticate
from failover.use_cases.show import show

api = resolver.make()
outside = Outside()

RESOURCES = {"/workflows": {"POST"}, "/dispatch": {"POST"}, "/workflows/<id>": {"GET"}, "/dispatch/<id>": {"GET"}}


@api.post("/workflows")
@api.post("/dispatch")
def post() -> tuple[dict[str, Any], int]:
    event = api.current_event.raw_event
    caller = authenticate(outside, http_edge.header(event, "Authorization"))
    http_edge.require_json(event)
    word = "dispatch" if event["path"].rstrip("/").endswith("/dispatch") else "workflow"
    base_url = http_edge.base_url(event, outside.settings.public_url)
    workflow_id = accept(outside, caller, http_edge.raw_body(event), word, base_url)
    return {f"{word}_uuid": workflow_id}, 202


@api.get("/workflows/<id>")
@api.get("/dispatch/<id>")
def get(id: str) -> dict[str, Any]:
    event = api.current_event.raw_event
    caller = authenticate(outside, http_edge.header(event, "Authorization"))
    http_edge.require_json_accepted(event)
    return show(outside, caller, id)


for resource, verbs in RESOURCES.items():
    resolver.refuse_other_verbs(api, resource, verbs)


def handler(event: http_edge.Event, context: Any) -> http_edge.ProxyAnswer:
    return resolver.serve(api, event, context)
