"""The OpenAPI document, generated from the code. `make generate` writes it where the API reads it.

openapi
├── requests     what a client sends: made from the channel table's models
│   ├── addresses   numbers, names and ids
│   └── patterns    regular expressions for them, and for numbers in strings
├── resources    what a client gets
│   ├── summary     what many workflows have done
│   ├── webhooks    what its server gets, and how messages are shown
│   └── shapes      how these schemas are written
└── operations   the paths, and the problems each answers with
"""

import json
import tomllib
from typing import Any

from local.openapi import operations, requests, resources
from local.place import ROOT

PATH = ROOT / "layers/failover/failover/openapi.json"


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document of this version."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Workflows API",
            "version": version,
            "description": "Sends a list of messages, one channel after the other, until one is delivered or read. "
            "`/workflows` and `/dispatch` are two names for one resource. A workflow's id is called `workflow_uuid` "
            "or `dispatch_uuid`, after the endpoint that created it.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/beta", "description": "The stage. A custom domain can also serve /v0.1/dispatch."}],
        "security": [{"basic": []}, {"application": []}],
        "tags": operations.TAGS,
        "paths": operations.paths(),
        "webhooks": operations.webhooks(),
        "components": {
            "securitySchemes": operations.SECURITY_SCHEMES,
            "schemas": {**requests.schemas(), **resources.schemas()},
            "responses": operations.problem_responses(),
        },
    }


def text() -> str:
    """The document as it is committed."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"
