"""Whether an answer may be compressed, and whether the client has it already."""

import pytest

from failover.edges.negotiation import is_known, takes_gzip

TAKEN = (
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


@pytest.mark.parametrize("accept_encoding", TAKEN)
def test_gzip(accept_encoding):
    """A client that names gzip, or anything, with a weight above 0 and no less than the bare content's, gets it."""
    assert takes_gzip(accept_encoding)


@pytest.mark.parametrize("accept_encoding", NOT_TAKEN)
def test_no_gzip(accept_encoding):
    """Any other client gets the bare content: one that says nothing, q=0, or what cannot be read."""
    assert not takes_gzip(accept_encoding)


@pytest.mark.parametrize("header", ['W/"a"', '"a"', '"b", W/"a"', 'W/"b","a"', "*", ' "a" '])
def test_known(header):
    """The client has it if any of its tags is the same, weak or strong."""
    assert is_known(header, 'W/"a"')


@pytest.mark.parametrize("header", [None, "", "a", '"b"', '"A"', 'W/"', '"', "**", '"a'])
def test_unknown(header):
    """It does not have it if there is no tag, or another one, or none that can be read."""
    assert not is_known(header, 'W/"a"')
