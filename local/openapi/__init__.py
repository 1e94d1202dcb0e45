"""The OpenAPI document, made from the code: `python -m local.openapi` writes it to where the API serves it from.

openapi
├── requests     what a client sends: made from the channel table's models
│   ├── addresses   numbers, names and ids
│   └── patterns    what they and numbers may look like as strings
├── resources    what it gets
└── operations   the addresses, and the problems each answers with
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
            "description": "Send a person a list of messages, one channel after the other, until one of them has done "
            "its work. `/workflows` and `/dispatch` are two names of one resource; each answers in its own word.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/beta", "description": "The stage. A custom domain may serve /v0.1/dispatch as well."}],
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
