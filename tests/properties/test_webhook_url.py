"""The hosts that a webhook URL may have, compared with those `requests` can connect to."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

import requests
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from failover.rules.formats.unseen import all_seen
from failover.rules.webhooks.webhook_url import fault, public

LABELS = st.one_of(
    st.text("abz019-_", max_size=8),
    st.integers(60, 66).map(lambda length: "a" * length),
    st.sampled_from(
        ["bücher", "☃", "ß", "xn--nxa", "localhost", "0x7f", "127", "0", "％", "１", "a\u00ad", "*", "%41"]
    ),
    st.text(max_size=3),
)
HOSTS = st.one_of(
    st.lists(LABELS, min_size=1, max_size=6).map(".".join),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map("[{}]".format),
    st.text(max_size=20),
)


def prepared(url):
    """The host that `requests` would look up. Returns None if it or urllib3 refuses the URL."""
    try:
        host = urlsplit(requests.Request("POST", url).prepare().url).hostname
        host.encode("idna")  # as urllib3.util.connection.create_connection does
    except (requests.RequestException, UnicodeError):
        return None
    return host


@given(HOSTS)
@example("a..b")
@example("*.test")
@example("☃.test")
@example("a" * 64 + ".test")
def test_every_valid_host_can_be_looked_up(host):
    """The host of every valid URL is accepted by `requests` and the resolver."""
    url = f"https://{host}/status"
    assume(urlsplit_takes(url))
    if fault(url, loopback=False) is None:
        assert prepared(url) is not None


@settings(suppress_health_check=[HealthCheck.filter_too_much])  # few random hosts can be looked up
@given(HOSTS)
@example("a_b.test")
@example("bücher.test")
@example("8.8.8.8")
@example("[2606:4700:4700::1111]")
def test_every_public_host_is_valid(host):
    """Every public host that `requests` can connect to is valid, except numbers that abbreviate an address."""
    url = f"https://{host}/status"
    assume(urlsplit_takes(url))
    known = prepared(url)
    assume(known is not None and "%" not in url and _may_be_taken(url, known))
    assert fault(url, loopback=False) is None


def urlsplit_takes(url):
    try:
        return bool(urlsplit(url).hostname) and urlsplit(url).port is None
    except ValueError:
        return False


def _may_be_taken(url, host):
    """The host is not refused for other reasons (credentials, blanks, not public), and is no abbreviated number."""
    if (
        re.search(r"[\x00-\x20\x7f-\xa0\\\\]", url)
        or not all_seen(url)
        or "@" in urlsplit(url).netloc
        or host.startswith("*")
    ):
        return False
    host = host.removesuffix(".")
    try:
        return public(ip_address(host))
    except ValueError:
        last = host.rpartition(".")[2]
        return last != "localhost" and len(host) <= 253 and not re.fullmatch(r"[0-9]+|0x[0-9a-f]*", last)
