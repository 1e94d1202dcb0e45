"""The router of functions with several paths: Powertools' resolver, answering with our problems.

A function with one path does not import it, and starts faster.
"""

from collections.abc import Callable
from typing import Any, NoReturn

import simplejson
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from failover import problems
from failover.edges import http_edge

BASE_PATHS = ["/beta/v0.1", "/beta", "/v0.1"]
"""What may precede a path: API Gateway keeps a custom domain's base path in the event."""

_VERBS = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}


def make() -> APIGatewayRestResolver:
    """A resolver that raises what its routes raise; `serve` makes problems of it."""
    resolver = APIGatewayRestResolver(strip_prefixes=[*BASE_PATHS])
    resolver.not_found(_not_found)
    resolver.exception_handler(Exception)(_raise)
    return resolver


def serve_at(resolver: APIGatewayRestResolver, path: str, **routes: Callable[..., Any]) -> None:
    """Serve a path's verbs (`GET=…, POST=…`), and answer 405 to all others (RFC 9110, 15.5.6)."""

    def refuse(**_: str) -> NoReturn:
        raise problems.wrong_verb(resolver.current_event.http_method, routes)

    for verb, route in routes.items():
        resolver.route(path, method=verb)(route)
    resolver.route(path, method=sorted(_VERBS - routes.keys()))(refuse)


def json_response(status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> Response[str]:
    """An answer with headers of its own, or with numbers that have to stay exact."""
    text = simplejson.dumps(body, ensure_ascii=False, use_decimal=True)
    return Response(status, "application/json", text, headers)


def serve(resolver: APIGatewayRestResolver, event: http_edge.Event, context: Any) -> http_edge.ProxyAnswer:
    return http_edge.guarded(event, lambda event: resolver.resolve(event, context))


def _not_found(_: Exception) -> NoReturn:
    raise problems.nothing_here()


def _raise(error: Exception) -> NoReturn:
    """Needed, because without a handler the resolver logs the exception's words, which may quote a body."""
    raise error
