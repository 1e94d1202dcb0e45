"""moto's server, whose interpreter of state machines does what is always the same only once: `python -m local.moto`.

For each execution it parses the definition, and for each task it makes a client of AWS: together a third of its work,
and all of it in one process. What is replaced is no part of its interface: `tests/unit/test_local_moto.py` fails when
another version has changed it.
"""

import os
import threading
from types import SimpleNamespace
from typing import Any

import boto3
from moto import server
from moto.stepfunctions.parser.asl.parse import asl_parser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.asl.utils import boto_client

_parse = asl_parser.AmazonStateLanguageParser.parse
_trees: dict[str, Any] = {}
"""The syntax tree of each definition. It is only read; what an execution changes is made anew from it."""


def parse(definition: str) -> tuple[Any, Any]:
    """(program, syntax tree) of a definition; the program is the caller's own."""
    if tree := _trees.get(definition):
        return Preprocessor().visit(tree), tree
    program, _trees[definition] = _parse(definition)
    return program, _trees[definition]


_clients: dict[tuple[str, str, str | None], Any] = {}
_making = threading.Lock()


def client(*, service_name: str, region_name: str, endpoint_url: str | None = None, **how: Any) -> Any:
    """The one client of a service: clients can be shared by threads, as the sessions that make them cannot."""
    key = (service_name, region_name, endpoint_url)
    with _making:
        if key not in _clients:
            _clients[key] = boto3.client(
                service_name=service_name, region_name=region_name, endpoint_url=endpoint_url, **how
            )
        return _clients[key]


def install() -> None:
    asl_parser.AmazonStateLanguageParser.parse = staticmethod(parse)  # type: ignore[method-assign]
    boto_client.boto3 = SimpleNamespace(client=client)  # type: ignore[attr-defined]


if __name__ == "__main__":
    os.environ.pop("PYTHONPATH", None)
    install()
    server.main()
