"""Which hosts webhooks may go to: public addresses, authenticated by their certificates (F24)."""

import logging
import socket

import pytest

from failover.adapters.webhooks.endpoint import MOST_ADDRESSES, Webhooks
from failover.rules.webhooks.delivery import Answered, Failed, Forbidden
from tests import messages_server as server
from tests.addresses import LOOPBACK, NAMES, PRIVATE, PUBLIC
from tests.certificates import Authority, self_signed
from tests.messages_server import MessagesServer

OTHER = "2606:4700:4700::1111"


@pytest.fixture(autouse=True)
def names(monkeypatch):
    """The addresses of each name, one list per lookup; the last list stays."""
    known = {name: [[address]] for name, address in NAMES.items()}
    asked = []
    real = socket.getaddrinfo

    def lookup(host, port, family=0, type=0, proto=0, flags=0):  # noqa: A002
        name = host.decode() if isinstance(host, bytes) else host
        asked.append(name)
        if name not in known:
            return real(host, port, family, type, proto, socket.AI_NUMERICHOST)
        answers = known[name]
        return [_found(address, port) for address in (answers.pop(0) if len(answers) > 1 else answers[0])]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    known["asked"] = asked
    return known


def _found(address, port):
    if ":" in address:
        return socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0)
    return socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)


@pytest.fixture
def connections(monkeypatch):
    """The addresses to which connections were attempted; all attempts fail."""
    wanted = []

    def refuse(_, address):
        wanted.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    return wanted


@pytest.fixture
def customer():
    listening = MessagesServer()
    yield listening
    listening.close()


def post(url, loopback=False):
    return Webhooks(loopback=loopback).post(url, b"{}", {"Authorization": "Bearer ours"})


@pytest.mark.parametrize("host", LOOPBACK + PRIVATE)
def test_refused(connections, host):
    """F24: an address that is not public is refused in every spelling, without a connection."""
    assert isinstance(post(f"https://{host}/status"), Forbidden)
    assert connections == []


@pytest.mark.parametrize("host", PRIVATE)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_refused_where_loopback_is_allowed(connections, scheme, host):
    """F24: allowing loopback allows this machine and no other private address."""
    assert isinstance(post(f"{scheme}://{host}/status", loopback=True), Forbidden)
    assert connections == []


def test_forty_spellings():
    """F24 requires forty spellings; each is listed once."""
    assert len(set(LOOPBACK + PRIVATE)) == len(LOOPBACK + PRIVATE) >= 40


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *("192.88.99.1", "224.0.0.1", "240.0.0.1", "::1", "::", "fe80::1", "fe80::1%lo", "fec0::1", "fd00:ec2::254"),
        *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1"),
        *("2002:7f00:1::", "2001:0:7f00:1::1", "ff02::1", "5f00::1", "2001:20::1"),
    ],
)
def test_names_of_private_addresses(connections, names, address):
    """F24: a name that resolves to an address that is not public is refused, without a connection."""
    names["hook.test"] = [[address]]
    assert post("https://hook.test/status") == Forbidden("the host's address is not public")
    assert connections == []


@pytest.mark.parametrize("address", [PUBLIC, "2606:4700:4700::1111"])
def test_public_address(connections, names, address):
    """A name that resolves to a public address is connected to once."""
    names["hook.test"] = [[address]]
    assert post("https://hook.test/status") == Failed("no connection")
    assert connections == [address]


def test_only_checked_addresses(connections, names):
    """F24: of a name's other addresses, too, only those that are public are connected to."""
    names["hook.test"] = [[PUBLIC, "127.0.0.1", "::1", "10.0.0.1", "fe80::1%lo", "::ffff:169.254.169.254", OTHER]]
    assert post("https://hook.test/status") == Failed("no connection")
    assert connections == [PUBLIC, OTHER]


def test_the_first_address_is_not_public(connections, names):
    """F24: a name whose first address is not public is refused, whatever others it has."""
    names["hook.test"] = [["10.0.0.1", PUBLIC]]
    assert isinstance(post("https://hook.test/status"), Forbidden)
    assert connections == []


def test_rebinding_between_two_addresses(connections, names):
    """F24: if the name leads elsewhere by the time another address is needed, that is checked as well."""
    names["hook.test"] = [[PUBLIC], ["127.0.0.1", "169.254.169.254"]]
    assert post("https://hook.test/status") == Failed("no connection")
    assert connections == [PUBLIC]


def test_not_every_address(connections, names):
    """One attempt tries three addresses at most, each once, so that time is left for an answer."""
    addresses = [f"203.0.114.{number}" for number in range(1, 6)]
    names["hook.test"] = [[*addresses, *addresses]]
    post("https://hook.test/status")
    assert connections == addresses[:MOST_ADDRESSES]


@pytest.mark.parametrize("first", ["127.0.0.2", "::1"])
def test_another_address(customer, names, first):
    """A host whose first address refuses connections gets its webhook at another one, with the host's own name."""
    names["hook.test"] = [[first, "127.0.0.3", "127.0.0.1"]]
    assert post(f"http://hook.test:{customer.port}/status", loopback=True) == Answered(202)
    (request,) = customer.requests
    assert request.headers["host"] == f"hook.test:{customer.port}"


def test_another_address_with_tls(names, secured):
    """There the certificate is checked against the host's name as well."""
    names["hook.test"] = names["other.test"] = [["127.0.0.2", "127.0.0.1"]]
    assert post(f"https://hook.test:{secured.port}/status", loopback=True) == Answered(202)
    assert post(f"https://other.test:{secured.port}/", loopback=True) == Failed("no trusted TLS connection")
    assert len(secured.requests) == 1


def test_no_other_address_once_it_is_sent(customer, names):
    """A request that may have been received is not sent to another address."""
    names["hook.test"] = [["127.0.0.1", "127.0.0.2"]]
    customer.script = [server.reset]
    assert post(f"http://hook.test:{customer.port}/status", loopback=True) == Failed("no HTTP answer")
    assert len(customer.requests) == 1
    assert names["asked"].count("hook.test") == 1


def test_after_a_timeout(customer, names, monkeypatch):
    """The next address is tried, too, if the first does not answer in time."""
    names["hook.test"] = [["127.0.0.2", "127.0.0.1"]]
    real = socket.socket.connect

    def connect(self, address):
        if address[0] == "127.0.0.2":
            raise TimeoutError
        real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    assert post(f"http://hook.test:{customer.port}/status", loopback=True) == Answered(202)


def test_the_name_is_gone(connections, names):
    """If the name cannot be looked up again, the attempt has failed as with one address."""
    names["hook.test"] = [[PUBLIC], []]
    assert post("https://hook.test/status") == Failed("no connection")


@pytest.fixture
def authority(tmp_path, monkeypatch):
    """A certificate authority that the client trusts like a public one."""
    authority = Authority(tmp_path)
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(authority.trusted))
    return authority


@pytest.fixture
def secured(authority):
    """A customer's server with a valid certificate for hook.test."""
    listening = MessagesServer(certificate=authority.certificate("hook.test"))
    yield listening
    listening.close()


def test_rebinding(monkeypatch, names, secured):
    """F24: a name is resolved once, and the connection goes to the address that was checked."""
    names["hook.test"] = [[PUBLIC], ["127.0.0.1"]]
    connected = []
    real = socket.socket.connect

    def connect(self, address):
        connected.append(address)
        real(self, ("127.0.0.1", secured.port))

    monkeypatch.setattr(socket.socket, "connect", connect)
    assert post("https://hook.test/status") == Answered(202)
    assert connected == [(PUBLIC, 443)]
    assert names["asked"].count("hook.test") == 1
    assert secured.requests[0].headers["host"] == "hook.test"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects(customer, status):
    """F24: a redirect is an answer like any other and is not followed."""
    elsewhere = MessagesServer()
    customer.script = [server.http(status, headers=f"Location: {elsewhere.url}/\r\n")]
    assert post(f"{customer.url}/status", loopback=True) == Answered(status)
    elsewhere.close()
    assert (len(customer.requests), elsewhere.requests) == (1, [])


@pytest.mark.parametrize("location", ["http://[bad", "//", "\x80", "x" * 60_000])
def test_unreadable_redirect(customer, location):
    """A redirect with an unusable location is an answer too."""
    customer.script = [server.http(302, headers=f"Location: {location}\r\n")]
    assert post(f"{customer.url}/status", loopback=True) == Answered(302)


def test_good_certificate(names, secured):
    """A server whose certificate matches the URL's host gets its webhook."""
    names["hook.test"] = [["127.0.0.1"]]
    assert post(f"https://hook.test:{secured.port}/status", loopback=True) == Answered(202)


def test_certificate_of_another_host(names, secured):
    """A valid certificate for another host is refused, even at the right address."""
    names["other.test"] = [["127.0.0.1"]]
    assert post(f"https://other.test:{secured.port}/", loopback=True) == Failed("no trusted TLS connection")
    assert secured.requests == []


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_self_signed_certificate(tmp_path, names, monkeypatch, variable):
    """A self-signed certificate is refused, even if the environment names it as trusted."""
    path = self_signed(tmp_path, "hook.test")
    monkeypatch.setenv(variable, str(path))
    names["hook.test"] = [["127.0.0.1"]]
    untrusted = MessagesServer(certificate=path)
    assert post(f"https://hook.test:{untrusted.port}/", loopback=True) == Failed("no trusted TLS connection")
    untrusted.close()
    assert untrusted.requests == []


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"])
def test_no_proxies(customer, names, monkeypatch, variable):
    """F24: proxies of the environment, which would resolve names themselves, are not used."""
    proxy = MessagesServer()
    monkeypatch.setenv(variable, proxy.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    names["hook.test"] = [["127.0.0.1"]]
    assert post(f"http://hook.test:{customer.port}/status", loopback=True) == Answered(202)
    proxy.close()
    assert (len(customer.requests), proxy.requests) == (1, [])


def test_nothing_is_added(customer, monkeypatch, tmp_path):
    """Requests carry only our credentials: nothing from .netrc, and no cookies."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    customer.script = [server.http(500, headers="Set-Cookie: a=b\r\n")]
    webhooks = Webhooks(loopback=True)
    for _ in range(2):
        webhooks.post(f"{customer.url}/status", b"{}", {"Authorization": "Bearer ours"})
    for request in customer.requests:
        assert request.headers["authorization"] == "Bearer ours"
        assert request.headers["content-type"] == "application/json"
        assert {"cookie", "proxy-authorization"}.isdisjoint(request.headers)


def test_the_log_names_no_host(connections, names, caplog):
    """I8: a webhook's host is not logged, even if it is refused."""
    names["secret.test"] = [["10.1.2.3"]]
    with caplog.at_level(logging.INFO):
        post("https://secret.test/status")
        post("https://10.1.2.3/status")
    assert "secret" not in caplog.text
    assert "10.1.2.3" not in caplog.text
