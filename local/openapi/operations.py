"""The paths of the API, their responses, and the webhooks it sends."""

from typing import Any

from failover import problems
from failover.rules.formats.pages import DEFAULT_LIMIT, LARGEST_LIMIT
from failover.rules.requests.idempotency import LONGEST
from failover.rules.webhooks import failed
from failover.rules.workflow.listing import CURSOR, LONGEST_REFERENCE, STEPS

type Part = dict[str, Any]

TAGS = [
    {"name": "workflows", "description": "Workflows, under the API's first name."},
    {"name": "dispatch", "description": "The same under the API's later name."},
    {"name": "messages", "description": "The messages of workflows."},
    {"name": "webhooks", "description": "The failed webhooks of all workflows."},
]
SECURITY_SCHEMES: Part = {
    "basic": {"type": "http", "scheme": "basic", "description": "API key and secret of an account."},
    "application": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "RS256 token of an application, with `application_id`, `iat`, `jti` and optionally `exp`.",
    },
}
_ALWAYS = (
    problems.UNAUTHORIZED,
    problems.FORBIDDEN,
    problems.NOT_ACCEPTABLE,
    problems.RATE_LIMITED,
    problems.INTERNAL,
    problems.UNAVAILABLE,
)
_OF_A_BODY = (problems.INVALID_PARAMS, problems.TOO_LARGE, problems.WRONG_CONTENT_TYPE)
_ID: Part = {"name": "id", "in": "path", "required": True, "schema": {"$ref": "#/components/schemas/Uuid"}}


def paths() -> Part:
    """Every path, under both names, and those of messages and failed webhooks."""
    both = {**_of_word("workflows", "Workflow"), **_of_word("dispatch", "Dispatch")}
    message = _operation("getMessage", "messages", "Show a message with its status", {200: "Message"}, _NOT_FOUND)
    return {**both, "/messages/{id}": {"parameters": [_ID], "get": message}, **_of_failed_webhooks()}


def webhooks() -> Part:
    """The requests to the customer's URL, all signed (docs/api.md, "Webhooks")."""
    return {
        name: {
            "post": {
                "summary": summary,
                "requestBody": {"content": _json(schema), "required": True},
                "responses": {"2XX": {"description": "Delivered. 429, 5xx or no answer is retried for 24 hours."}},
            }
        }
        for name, summary, schema in (
            ("messageStatus", "A message has a new status, or its step was advanced", "MessageStatusWebhook"),
            ("finalReport", "The workflow is over", "FinalReport"),
        )
    }


def problem_responses() -> Part:
    """One response for each status of the problem catalogue."""
    responses = {}
    for status in sorted({kind.status for kind in problems.CATALOGUE}):
        kinds = [kind for kind in problems.CATALOGUE if kind.status == status]
        responses[f"Problem{status}"] = {
            "description": "; ".join(f"{kind.title} ({kind.type})" for kind in kinds),
            "headers": {"X-Nexmo-Trace-Id": {"schema": {"type": "string"}}},
            "content": {problems.CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    return responses


_NOT_FOUND = (problems.NOT_FOUND,)
_OF_ONE = ("get{}", "get{}Request", "cancel{}", "list{}Webhooks")
"""The operations whose only parameter is the id of a workflow."""


def _of_word(path: str, name: str) -> Part:
    tag = path
    one, conflict = _NOT_FOUND, (problems.NOT_FOUND, problems.CONFLICT)
    sequence = {"name": "sequence", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}
    return {
        f"/{path}": {
            "get": _operation(
                f"list{name}",
                tag,
                "List your workflows, newest first",
                {200: f"{name}List"},
                (problems.INVALID_PARAMS,),
                parameters=_FILTERS,
            ),
            "post": _operation(
                f"create{name}",
                tag,
                "Create a workflow, or plan it",
                {202: "Accepted", 200: "Plan"},
                (*_OF_A_BODY, problems.CONFLICT),
                links={202: _links(f"{name.lower()}_uuid", *(operation.format(name) for operation in _OF_ONE))},
                parameters=_OF_CREATE,
                requestBody={"content": _json("WorkflowRequest"), "required": True},
            ),
        },
        f"/{path}/summary": {
            "get": _operation(
                f"summarize{name}",
                tag,
                "Summarize your workflows of a span of time",
                {200: "Summary"},
                (problems.INVALID_PARAMS,),
                parameters=_SPAN,
            ),
        },
        f"/{path}/{{id}}": {
            "parameters": [_ID],
            "get": _operation(f"get{name}", tag, "Show a workflow with its steps and timeline", {200: "Workflow"}, one),
        },
        f"/{path}/{{id}}/request": {
            "parameters": [_ID],
            "get": _operation(f"get{name}Request", tag, "Show the request that created it", {200: "KeptRequest"}, one),
        },
        f"/{path}/{{id}}/cancel": {
            "parameters": [_ID],
            "post": _operation(f"cancel{name}", tag, "Cancel a workflow", {200: "Cancelled"}, conflict),
        },
        f"/{path}/{{id}}/advance": {
            "parameters": [_ID],
            "post": _operation(
                f"advance{name}",
                tag,
                "End the wait of its current step, so that the next one is sent now",
                {200: "Advanced"},
                (*_OF_A_BODY, *conflict),
                requestBody={"content": _json("AdvanceRequest"), "required": True},
            ),
        },
        f"/{path}/{{id}}/webhooks": {
            "parameters": [_ID],
            "get": _operation(f"list{name}Webhooks", tag, "List its webhooks and attempts", {200: "WebhookList"}, one),
        },
        f"/{path}/{{id}}/webhooks/{{sequence}}": {
            "parameters": [_ID, sequence],
            "get": _operation(f"get{name}Webhook", tag, "Show a webhook with its body", {200: "WholeWebhook"}, one),
        },
        f"/{path}/{{id}}/webhooks/{{sequence}}/redeliver": {
            "parameters": [_ID, sequence],
            "post": _operation(f"redeliver{name}Webhook", tag, "Send a webhook again", {202: "Redelivery"}, conflict),
        },
    }


def _of_failed_webhooks() -> Part:
    body = {"content": _json("RedeliverRequest"), "required": True}
    return {
        "/webhooks": {
            "get": _operation(
                "listFailedWebhooks",
                "webhooks",
                "List failed webhooks, newest first",
                {200: "FailedWebhookList"},
                (problems.INVALID_PARAMS,),
                parameters=_FAILED_FILTERS,
            )
        },
        "/webhooks/redeliver": {
            "post": _operation(
                "redeliverFailedWebhooks",
                "webhooks",
                "Send failed webhooks again",
                {202: "Redelivered"},
                _OF_A_BODY,
                requestBody=body,
            )
        },
    }


def _operation(
    operation_id: str,
    tag: str,
    summary: str,
    answers: dict[int, str],
    kinds: tuple[problems.Kind, ...],
    links: dict[int, Part] | None = None,
    **more: Any,
) -> Part:
    responses: Part = {}
    for status, schema in answers.items():
        responses[str(status)] = {
            "description": _DESCRIPTIONS.get(schema, schema),
            "headers": {"X-Nexmo-Trace-Id": {"schema": {"type": "string"}}},
            "content": _json(schema),
            **({"links": links[status]} if links and status in links else {}),
        }
    for status in sorted({kind.status for kind in (*_ALWAYS, *kinds)}):
        responses[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    return {"operationId": operation_id, "tags": [tag], "summary": summary, **more, "responses": responses}


_DESCRIPTIONS = {"Plan": "With `dry_run=true`: what would happen. Nothing is stored or sent."}


def _links(field: str, *operations: str) -> Part:
    """Links to the operations that take the id in a response."""
    parameters = {"id": f"$response.body#/{field}"}
    return {operation: {"operationId": operation, "parameters": parameters} for operation in operations}


def _json(schema: str) -> Part:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _query(name: str, description: str, schema: Part) -> Part:
    return {"name": name, "in": "query", "description": description, "schema": schema}


_REFERENCE = {"type": "string", "minLength": 1, "maxLength": LONGEST_REFERENCE}
_LIMIT = {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT}
_TIME = {"type": "string", "format": "date-time"}
_FILTERS = [
    _query("status", "Only workflows with this status.", {"$ref": "#/components/schemas/WorkflowStatus"}),
    _query("channel", "Only workflows with a step on this channel.", {"$ref": "#/components/schemas/Channel"}),
    _query("client_ref", "Only workflows with this `client_ref`.", _REFERENCE),
    _query("expand", "`steps`: each workflow has its steps and usage.", {"type": "string", "enum": [STEPS]}),
    _query("since", "Only workflows created at this time or later.", _TIME),
    _query("until", "Only workflows created at this time or earlier.", _TIME),
    _query("limit", "The most workflows per page.", _LIMIT),
    _query("cursor", "The `cursor` of the previous page.", {"type": "string", "pattern": CURSOR}),
]
_SPAN = [
    _query("since", "Only workflows created at this time or later; default 24 hours before `until`.", _TIME),
    _query("until", "Only workflows created at this time or earlier; default now.", _TIME),
]
_FAILED_FILTERS = [
    {
        **_query("state", "Required; no other state is listed.", {"type": "string", "enum": [failed.STATE]}),
        "required": True,
    },
    _query("since", "Only webhooks that failed at this time or later.", _TIME),
    _query("until", "Only webhooks that failed at this time or earlier.", _TIME),
    _query("limit", "The most webhooks per page.", _LIMIT),
    _query("cursor", "The `cursor` of the previous page.", {"type": "string", "pattern": failed.CURSOR}),
]
_OF_CREATE = [
    _query("dry_run", "`true`: only return a plan.", {"type": "string", "enum": ["true", "false"]}),
    {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "A repeat with the same key within 24 hours creates no second workflow.",
        "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": "^[!-~]+$"},
    },
]
