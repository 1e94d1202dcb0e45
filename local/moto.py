"""moto's server, with parsed definitions and AWS clients cached: `python -m local.moto`.

moto parses the definition for each execution and creates an AWS client for each task, which is a third of its work in
a single process. The replaced parts are internal to moto: `tests/unit/test_local_moto.py` fails when a new version
changes them.
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
"""The syntax tree of each definition. Executions only read it: each builds its own program from it."""


def parse(definition: str) -> tuple[Any, Any]:
    """Return (program, syntax tree) of a definition. The program is new, the tree is shared."""
    if tree := _trees.get(definition):
        return Preprocessor().visit(tree), tree
    program, _trees[definition] = _parse(definition)
    return program, _trees[definition]


_clients: dict[tuple[str, str, str | None], Any] = {}
_making = threading.Lock()


def client(*, service_name: str, region_name: str, endpoint_url: str | None = None, **how: Any) -> Any:
    """Return the shared client of a service. Threads can share clients, but not the sessions that create them."""
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
