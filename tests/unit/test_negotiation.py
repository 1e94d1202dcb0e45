"""Whether an answer may be compressed, and whether the client has it already."""

import pytest

from failover.edges.negotiation import is_known, takes_gzip

ACCEPTED = (
    "gzip",
    "GZip",
    "x-gzip",
    "gzip, deflate, br, zstd",
    "deflate;q=0.5 , gzip ; q=0.001",
    "gzip;q=1.000, identity;q=0.5",
    "identity;q=0, gzip;q=0.5",
    "br, *",
    "*;q=0.1",
)
NOT_TAKEN = (
    None,
    "",
    "identity",
    "br",
    "gzip;q=0",
    "gzip;q=0.000",
    "gzip;Q=0, *",
    "*;q=0",
    "gzip;q=0.5, identity",
    "gzip;q=much",
    "gzip;q=1.1",
    "gzip;q=-1",
    "gzip;level=9",
    "gzipped",
    ",;,=",
)


@pytest.mark.parametrize("accept_encoding", ACCEPTED)
def test_gzip(accept_encoding):
    """A client that accepts gzip, or anything, with a weight above 0 and at least that of identity, gets gzip."""
    assert takes_gzip(accept_encoding)


@pytest.mark.parametrize("accept_encoding", NOT_TAKEN)
def test_no_gzip(accept_encoding):
    """Any other client gets identity: one without the header, with q=0, or with an unreadable value."""
    assert not takes_gzip(accept_encoding)


@pytest.mark.parametrize("header", ['W/"a"', '"a"', '"b", W/"a"', 'W/"b","a"', "*", ' "a" '])
def test_known(header):
    """The client has the answer if one of its tags is the same, weak or strong."""
    assert is_known(header, 'W/"a"')


@pytest.mark.parametrize("header", [None, "", "a", '"b"', '"A"', 'W/"', '"', "**", '"a'])
def test_unknown(header):
    """The client does not have it with no tag, with other tags, or with unreadable ones."""
    assert not is_known(header, 'W/"a"')
