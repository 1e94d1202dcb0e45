"""HTTP Basic authentication (RFC 7617)."""

import base64


def basic(header: str) -> tuple[str, str] | None:
    """Return (API key, secret) of an `Authorization: Basic …` header. Returns None for any other text."""
    scheme, _, encoded = header.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except ValueError:  # not base64, not ASCII (b64decode), or not UTF-8 inside
        return None
    api_key, colon, secret = decoded.partition(":")
    return (api_key, secret) if colon else None
