"""The OpenAPI document is made from the code, and says what the code does."""

from local import openapi


def test_committed():
    """The document that is served is the one the code makes."""
    assert openapi.PATH.read_text() == openapi.text()
