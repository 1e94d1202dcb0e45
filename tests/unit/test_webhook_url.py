"""Which URLs a webhook may have (docs/reliability.md, F24)."""

from ipaddress import ip_address

import pytest

from failover.rules.webhooks.webhook_url import LONGEST, fault, public

PUBLIC = [
    "https://shop.test",
    "https://shop.test/status?a=b&c=%20#top",
    "https://shop.test:8443/",
    "HTTPS://Shop.Test./",
    "https://8.8.8.8/",
    "https://[2606:4700:4700::1111]:8443/",
    "https://bücher.test/",
    "https://not-localhost/",
    "https://localhost.test/",
    "https://x.test/" + "a" * (LONGEST - 15),
]
LOOPBACK = [
    "https://localhost/",
    "https://LOCALHOST./",
    "https://x.localhost:8443/",
    "https://127.0.0.1/",
    "https://127.255.255.254:1/",
    "https://[::1]/",
]


@pytest.mark.parametrize("url", PUBLIC)
@pytest.mark.parametrize("loopback", [False, True])
def test_public(url, loopback):
    """Any https URL of a public host is valid, with or without a port."""
    assert fault(url, loopback=loopback) is None


@pytest.mark.parametrize("url", LOOPBACK)
def test_loopback(url):
    """Loopback hosts are valid where loopback is allowed, and only there."""
    assert fault(url, loopback=True) is None
    assert fault(url, loopback=False) == "Should be a URL with a public host"


def test_http():
    """Plain http is valid where loopback is allowed, and only there."""
    assert fault("http://127.0.0.1:8000/x", loopback=True) is None
    assert fault("http://shop.test/", loopback=False) == "Should be an https URL"


@pytest.mark.parametrize(
    "host",
    [
        *("10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "255.255.255.255"),
        *("224.0.0.1", "198.18.0.1", "[::]", "[fe80::1]", "[fe80::1%25eth0]", "[fd00:ec2::254]", "[ff02::1]"),
        *("[fec0::1]", "[::ffff:10.0.0.1]", "[::10.0.0.1]", "[::ffff:0:10.0.0.1]", "[64:ff9b::a00:1]"),
        *("[2002:a00:1::]", "[2001:0:a00:1::1]", "[2001:db8::1]", "10.0.0.1."),
    ],
)
@pytest.mark.parametrize("loopback", [False, True])
def test_private(host, loopback):
    """A non-public address is refused, also where loopback is allowed."""
    assert fault(f"https://{host}/", loopback=loopback) == "Should be a URL with a public host"


@pytest.mark.parametrize(
    "host",
    [
        *("127.1", "0x7f.1", "0x7f000001", "2130706433", "1.2.3.4.5", "010.0.0.1", "256.0.0.1", "shop.0x", "shop.7."),
        *("☃.example", "localhost%2e", "%6c.test", "*.shop.test", "a..b", ".shop.test", "shop.test..", ".", "⒈.test"),
        *("a" * 64 + ".test", "é" * 60 + ".test", ".".join(["a" * 49] * 5) + ".test", "[v1.x]", "[v1.a:b]"),
    ],
)
@pytest.mark.parametrize("loopback", [False, True])
def test_host_that_cannot_be_used(host, loopback):
    """A host that no resolver accepts is refused at once, because each of its webhooks would fail."""
    assert "domain name" in fault(f"https://{host}/", loopback=loopback)


@pytest.mark.parametrize(
    "host",
    ["a" * 63 + ".test", ".".join(["a" * 49] * 5) + ".co", "a_b.test", "1.test", "0x7f.test", "7.1a", "xn--nxa.gr"],
)
def test_odd_hosts(host):
    """An odd name that a resolver accepts is valid."""
    assert fault(f"https://{host}/", loopback=False) is None


@pytest.mark.parametrize("host", ["１２７.0.0.1", "127。0。0。1", "ⓛocalhost", "10.0.0.1."])
def test_hosts_in_disguise(host):
    """A host in look-alike letters is refused: `requests` has no spelling of it, or finds an address in it."""
    assert "host" in fault(f"https://{host}/", loopback=False)


@pytest.mark.decision("Customer's webhook URL")
@pytest.mark.parametrize("url", ["https://u:p@shop.test/", "https://u@shop.test/", "https://@127.0.0.1/"])
@pytest.mark.parametrize("loopback", [False, True])
def test_credentials(url, loopback):
    """A URL with credentials is refused: they would hide the host from readers, and end up in logs."""
    assert fault(url, loopback=loopback) == "Should be a URL without a user name or password"


@pytest.mark.parametrize("scheme", ["ftp", "file", "gopher", "ws", "javascript", "httpss"])
@pytest.mark.parametrize("loopback", [False, True])
def test_other_schemes(scheme, loopback):
    """Webhooks allow https and no other scheme."""
    assert fault(f"{scheme}://shop.test/", loopback=loopback) == "Should be an https URL"


@pytest.mark.parametrize(
    "url",
    [
        *("shop.test", "/status", "https:", "https://", "https:///x", "https:/shop.test", "https://:443/", "x"),
        *("https://shop.test:0/", "https://shop.test:65536/", "https://shop.test:x/", "https://[::1/", "https://[x]/"),
        *("https://shop.test/ x", " https://shop.test", "https://shop.test\n", "https://shop.test/\t", "https://\\x"),
        *("https://127.0.0.1\\@shop.test/", "https://shop.test\x00.x/", "https://shop.test/\x7f", "https://a\xa0b/"),
        "https://shop.test\uff0f@127.0.0.1/",
    ],
)
@pytest.mark.parametrize("loopback", [False, True])
def test_no_url(url, loopback):
    """A URL that parsers may read differently is refused."""
    assert fault(url, loopback=loopback) is not None


@pytest.mark.parametrize("url", ["", "https://x.test/" + "a" * (LONGEST - 14)])
def test_length(url):
    """A URL has 1 to 2000 characters."""
    assert fault(url, loopback=False) == "Should have 1 to 2000 characters"


@pytest.mark.parametrize("url", ["https://secret-host.test:0/x", "https://secret:p@x.test", "ftp://secret", "secret"])
def test_the_url_is_not_repeated(url):
    """The reason quotes nothing of the URL."""
    assert "secret" not in (fault(url, loopback=False) or "")


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "2a00:1450:4001:810::200e"])
def test_hosts_of_the_internet(address):
    """Global unicast addresses are public."""
    assert public(ip_address(address))


@pytest.mark.parametrize("address", ["::8.8.8.8", "::ffff:0:8.8.8.8", "64:ff9b::8.8.8.8", "4000::1", "5f00::1"])
def test_addresses_within_addresses(address):
    """An address outside IPv6's global unicast, which may embed another one, is not public."""
    assert not public(ip_address(address))


@pytest.mark.parametrize("char", " \t\x85\xa0\u200b\u2028\u2060\ufe0f\ufeff\u3164\U000e0020", ids=ascii)
def test_invisible_characters(char):
    """A blank, an invisible or a control character anywhere in a URL is refused: it was pasted by mistake."""
    for url in (f"https://shop.test/a{char}b", f"https://shop{char}.test/", f"{char}https://shop.test/"):
        assert fault(url, loopback=False) == "Should be a URL"
