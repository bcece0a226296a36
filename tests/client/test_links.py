"""Which links are followed: none to a place that the site has not named."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from eyeson_meetings.client import LinkRules, Secret, check_link, open_download
from eyeson_meetings.client.links import is_allowed_peer, web_page
from eyeson_meetings.exceptions import DownloadInterruptedError, LinkRefusedError

from .conftest import PATIENT
from .rawserver import RawServer, answer

RULES = LinkRules(allowed_hosts=("fs.eyeson.com", "s3.eyeson.com"))
SANDBOX = LinkRules(allowed_hosts=("fs.eyeson.com",), sandbox=True)

ANY = "0.0.0.0"  # noqa: S104 - nothing is bound to it
#: `P` is the port of a canary on this machine.
LOOPBACK_HOSTS = [
    "127.0.0.1", "127.1", "127.0.1", "127.000.000.001", "2130706433", "0x7f000001", "0x7f.0.0.1",
    "0177.0.0.1", "017700000001", "127.0.0.2", "0", ANY, "localhost", "LOCALHOST",
    "localhost.", "127.0.0.1.", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::1%25lo]",
    "localtest.me", "127.0.0.1.nip.io", "169.254.169.254", "[fe80::1]", "10.0.0.1", "192.168.0.1",
    "172.16.0.1", "100.64.0.1", "metadata.google.internal", "fs.eyeson.com.127.0.0.1.nip.io",
    "①②⑦.⓪.⓪.①", "127。0。0。1", "ⓛocalhost", "%31%32%37.0.0.1", "127.0.0.1%00fs.eyeson.com",
]  # fmt: skip
WRITTEN_ODDLY = [
    "http://127.0.0.1:P\\@fs.eyeson.com/", "https://127.0.0.1:P\\@fs.eyeson.com/",
    "https://fs.eyeson.com\\@127.0.0.1:P/", "https://fs.eyeson.com@127.0.0.1:P/",
    "https://fs.eyeson.com:443@127.0.0.1:P/", "https://ada:pw@127.0.0.1:P/",
    "https://127.0.0.1:P#@fs.eyeson.com/", "https://127.0.0.1:P?@fs.eyeson.com/",
    "https://127.0.0.1:P/@fs.eyeson.com/", "https://fs.eyeson.com#@127.0.0.1:P/",
    "https://fs.eyeson.com?@127.0.0.1:P/", "https:127.0.0.1:P/", "https:/127.0.0.1:P/",
    "https:///127.0.0.1:P/", "//127.0.0.1:P/", "/\\127.0.0.1:P/", "127.0.0.1:P",
    "https://fs.eyeson.com\t@127.0.0.1:P/", "https://fs.eyeson.com\r\n@127.0.0.1:P/",
    "https://127.0.0.1:P\t/", " https://127.0.0.1:P/", "https://127.0.0.1:P/ ",
    "https://fs.eyeson.com\x00.127.0.0.1:P/", "https://fs.eyeson.com .127.0.0.1:P/",
    "https://fs.eyeson.com:P/", "https://fs.eyeson.com:80/", "https://fs.eyeson.com:0443x/",
    "https://fs.eyeson.com:/x:P@", "https://fs.eyeson.com:99999/", "https://fs.eyeson.com./",
    "https://.fs.eyeson.com/", "https://fs.eyeson.com..", "https://fs.eyeson.com%2e/",
    "https://fs.eyeson.com%00/", "https://fs%2eeyeson.com/", "https://fs.eyeson.com%40127.0.0.1:P/",
    "https://xfs.eyeson.com/", "https://fs.eyeson.com.example.org/", "https://eyeson.com/",
    "https://evil.fs.eyeson.com/", "https://fs-eyeson.com/", "https://fs。eyeson。com/",
    "https://fs.eyeson．com/", "https://ｆs.eyeson.com/", "https://fs.eyeѕon.com/",
    "http://fs.eyeson.com/", "http://fs.eyeson.com:443/", "HTTP://fs.eyeson.com/",
    "ftp://fs.eyeson.com/", "file:///etc/passwd", "file://fs.eyeson.com/etc/passwd",
    "gopher://127.0.0.1:P/_x", "dict://127.0.0.1:P/", "ldap://127.0.0.1:P/", "data:text/html,x",
    "javascript:alert(1)", "jar:https://fs.eyeson.com/!/", "wss://fs.eyeson.com/", "unix:///x",
    "https+unix://fs.eyeson.com/", "httpss://fs.eyeson.com/", "", "https", "https:", "https://",
    "https://[", "https://[::1", "https://]", "https://[fs.eyeson.com]/", "https://[::1]fs.eyeson.com/",
    "https://fs.eyeson.com/" + "x" * 4096,
]  # fmt: skip
CORPUS = [
    *(f"{scheme}://{host}:P/" for host in LOOPBACK_HOSTS for scheme in ("http", "https")),
    *(f"https://{host}/" for host in LOOPBACK_HOSTS),
    *WRITTEN_ODDLY,
]


def read(link: str, rules: LinkRules = RULES) -> bytes:
    """The file behind the link."""
    with open_download(
        Secret(link), offset=0, etag=None, rules=rules, timeouts_seconds=PATIENT
    ) as download:
        return b"".join(download.chunks(65536))


@pytest.fixture(scope="module")
def canary() -> Iterator[RawServer]:
    """A server on this machine that nobody may reach."""
    with RawServer(normally=answer(200, b"reached")) as server:
        yield server


@contextmanager
def resolving(monkeypatch: pytest.MonkeyPatch, *answers: str, port: int) -> Iterator[None]:
    """Every name resolves to these addresses, at this port: what a hostile name server does."""
    lists = iter(answers)
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, _port: Any, *rest: Any, **options: Any) -> Any:
        return real(next(lists, answers[-1]), port, *rest, **options)

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        yield


def test_the_corpus_is_as_long_as_promised() -> None:
    assert len(set(CORPUS)) >= 100


@pytest.mark.parametrize("number", range(len(CORPUS)))
def test_a_link_to_elsewhere_is_refused_before_any_connection(
    canary: RawServer, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    link = CORPUS[number].replace(":P", f":{canary.port}")
    before = canary.connections
    connected: list[Any] = []
    with monkeypatch.context() as patch:
        patch.setattr(socket.socket, "connect", lambda _self, address: connected.append(address))

        with pytest.raises(LinkRefusedError) as caught:
            read(link)

    assert connected == []
    assert canary.connections == before
    assert link == "" or link not in str(caught.value)


@pytest.mark.parametrize(
    "link",
    [
        "https://fs.eyeson.com/meetings/a/b.webm?X-Amz-Expires=3600&X-Amz-Signature=abc",
        "https://fs.eyeson.com:443/x",
        "https://FS.EYESON.COM/x",
        "HTTPS://s3.eyeson.com/x%20y",
        "https://fs.eyeson.com",
    ],
)
def test_a_link_to_a_named_host_is_followed(link: str) -> None:
    check_link(Secret(link), RULES)


@pytest.mark.parametrize(
    ("rest", "followed"),
    [
        ("/a@b.webm", "/a%40b.webm"),
        ("/a/@127.0.0.1/b", "/a/%40127.0.0.1/b"),
        ("/a b.webm", "/a%20b.webm"),
        ("/a.webm?name=a b", "/a.webm?name=a%20b"),
        ("/a.webm?from=ada@example.org", "/a.webm?from=ada%40example.org"),
        ("/für.webm?name=für", "/f%C3%BCr.webm?name=f%C3%BCr"),
        ("/日本.webm", "/%E6%97%A5%E6%9C%AC.webm"),
        ("/a%20b%C3%BC.webm?x=%2F", "/a%20b%C3%BC.webm?x=%2F"),
        ("/100%.webm?x=%zz", "/100%25.webm?x=%25zz"),
        ("/a?X-Amz-Signature=ab+c/d==", "/a?X-Amz-Signature=ab+c/d=="),
        ("/a#b@c d", "/a#b%40c%20d"),
    ],
)
def test_odd_characters_after_the_host_are_quoted(rest: str, followed: str) -> None:
    for rules in (RULES, SANDBOX):
        link = check_link(Secret(f"https://fs.eyeson.com{rest}"), rules)

        assert link.reveal() == f"https://fs.eyeson.com{followed}"
        assert check_link(link, rules) == link


@pytest.mark.parametrize(
    "rest",
    [
        "/a\\b", "/a?b\\c", "/a\tb", "/a\nb", "/a\x00b", "/a\x7fb", "/a\x85b", "/a\ud800b", "?@x", "#@x",
        "@127.0.0.1/", ":@127.0.0.1/", ":/a@b", " /a", "ü/a", "\\@127.0.0.1/", "%20@127.0.0.1/",
    ],
)  # fmt: skip
def test_what_cannot_be_quoted_safely_is_refused(rest: str) -> None:
    for rules in (RULES, SANDBOX):
        with pytest.raises(LinkRefusedError):
            check_link(Secret(f"https://fs.eyeson.com{rest}"), rules)


def test_a_download_asks_for_the_quoted_link(server: RawServer) -> None:
    server.normally = answer(200, b"file")

    assert read(f"{server.url}/für a@b.webm?to=a b@c", SANDBOX) == b"file"

    assert server.requests[0].target == "/f%C3%BCr%20a%40b.webm?to=a%20b%40c"


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_a_redirect_is_quoted_like_a_link(server: RawServer, encoding: str) -> None:
    location = "/für a@b".encode(encoding).decode("latin-1")
    server.script = [answer(302, b"", Location=location), answer(200, b"file")]

    assert read(f"{server.url}/first", SANDBOX) == b"file"

    assert server.requests[1].target == "/f%C3%BCr%20a%40b"


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("https://tv.example.org/live", "https://tv.example.org/live"),
        ("HTTP://tv.example.org:8080/a b@c", "HTTP://tv.example.org:8080/a%20b%40c"),
        ("https://tv.example.org/für?x=ü", "https://tv.example.org/f%C3%BCr?x=%C3%BC"),
        ("https://münchen.example/live", "https://xn--mnchen-3ya.example/live"),
        ("https://tv.example.org", "https://tv.example.org"),
        *(
            (address, "")
            for address in (
                "", "tv", "javascript:alert(1)", "//tv.example.org/", "ftp://tv.example.org/",
                "https://", "https://ada@tv.example.org/", "https://tv.example.org\\@x/",
                "https://tv.example.org@x.example/", "https://tv.example.org/a\tb", "https://[",
                "https://tv .example/", "https://" + "a" * 300 + "/", "https://a..b/",
                " https://tv.example.org/", "https://ada:pw@münchen.example/",
            )
        ),
    ],
)  # fmt: skip
def test_the_address_of_a_web_page_is_quoted_or_none(address: str, page: str) -> None:
    assert web_page(address) == page


@pytest.mark.parametrize(
    "link",
    [
        "http://127.0.0.1:8900/_media/x",
        "http://localhost:8900/",
        "http://[::1]:8900/",
        "https://127.0.0.1/",
        "https://fs.eyeson.com/",
        "http://fs.eyeson.com:8900/",
    ],
)
def test_the_sandbox_may_be_this_machine(link: str) -> None:
    check_link(Secret(link), SANDBOX)


@pytest.mark.parametrize(
    "link",
    [
        "http://10.0.0.1/", "http://169.254.169.254/", "http://example.org/", "file:///etc/passwd",
        "http://127.1/", "http://2130706433/", "http://0.0.0.0/", "http://localhost.example.org/",
        "http://ada@127.0.0.1/", "http://127.0.0.1\\@fs.eyeson.com/", "ftp://127.0.0.1/",
    ],
)  # fmt: skip
def test_the_sandbox_is_no_other_machine(link: str) -> None:
    with pytest.raises(LinkRefusedError):
        check_link(Secret(link), SANDBOX)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_a_name_that_leads_to_this_machine_is_left_before_a_byte_is_sent(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server(
        (address.removeprefix("::ffff:"), 0),
        family=(socket.AF_INET if "ffff" in address else family),
    ) as listener:
        received: list[bytes] = []

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                received.append(connection.recv(1000))

        thread = threading.Thread(target=serve)
        thread.start()
        with (
            resolving(monkeypatch, address, port=listener.getsockname()[1]),
            pytest.raises(LinkRefusedError, match="not public"),
        ):
            read("https://fs.eyeson.com/x?signature=canary")
        thread.join()

    assert received == [b""]


def test_a_name_that_changes_its_mind_between_check_and_connection_gains_nothing(
    server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not the canary, which would count this connection when it comes to it: in the midst of another test.
    # The first address answers nobody, so the second is tried: this machine.
    with resolving(monkeypatch, "127.0.0.1", port=server.port), pytest.raises(LinkRefusedError):
        read("https://fs.eyeson.com/x")

    assert server.requests == []


@pytest.mark.parametrize(
    "address",
    [
        ANY, "10.1.2.3", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254",
        "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1",
        "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255",
        "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
        "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1",
        "2001:10::1", "2002:7f00:1::", "2002:a00:1::", "3fff::1", "5f00::1", "fc00::1", "fd12::1",
        "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "no address", "", "::2", "::8.8.8.8",
        "::ffff:0:8.8.8.8", "::ffff:127.0.0.1", "::ffff:100.64.0.1", "::ffff:224.0.0.1", "64:ff9b::8.8.8.8",
        "64:ff9b:1::8.8.8.8", "2002:808:808::1", "2001:0:808:808::1", "2001:1ff:ffff::1", "2001:db8:1::1",
        "3fff:fff::1", "100:0:0:1::1", "200::1", "1fff:ffff::1", "4000::1", "8000::1", "fbff::1", "fdff::1",
        "fe00::1", "febf::1", "feff::1", "ff0e::1",
    ],
)  # fmt: skip
def test_no_connection_to_an_address_that_is_not_public(address: str) -> None:
    assert not is_allowed_peer(address, sandbox=False)


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "52.95.110.1",
        "2606:4700::1111",
        "::ffff:1.1.1.1",
        "2001:200::1",
        "2a00:1450::1",
        "3ffe::1",
    ],
)
def test_public_addresses_are_connected_to(address: str) -> None:
    assert is_allowed_peer(address, sandbox=False)


@pytest.mark.parametrize(
    ("address", "is_allowed"),
    [("127.0.0.1", True), ("::1", True), ("10.0.0.1", False), ("169.254.169.254", False)],
)
def test_the_sandbox_adds_this_machine_alone(address: str, is_allowed: bool) -> None:
    assert is_allowed_peer(address, sandbox=True) is is_allowed


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "file:///etc/passwd",
        "https://example.org/", "//example.org/", "http://ada@127.0.0.1/", "\\\\127.0.0.1\\x",
        "http://[::1", "gopher://127.0.0.1/", "http://fs.eyeson.com.example.org/", "a\\b", "a\tb",
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_checked_like_a_link(server: RawServer, target: str, status: int) -> None:
    server.normally = answer(status, b"x" * 1000, Location=target)

    with pytest.raises(LinkRefusedError):
        read(f"{server.url}/file", SANDBOX)

    assert len(server.requests) == 1


def test_redirects_are_followed_three_times(server: RawServer) -> None:
    server.script = [
        answer(302, b"", Location="/second?signature=2"),
        answer(307, b"", Location=f"{server.url}/third"),
        answer(308, b"", Location="fourth"),
        answer(200, b"file"),
    ]

    assert read(f"{server.url}/first", SANDBOX) == b"file"

    assert [request.target for request in server.requests] == [
        "/first",
        "/second?signature=2",
        "/third",
        "/fourth",
    ]
    assert all("Authorization" not in request.headers for request in server.requests)
    assert all("Referer" not in request.headers for request in server.requests)


def test_a_fourth_redirect_is_one_too_many(server: RawServer) -> None:
    server.normally = answer(302, b"", Location="/again")

    with pytest.raises(LinkRefusedError, match="too often"):
        read(f"{server.url}/first", SANDBOX)

    assert len(server.requests) == 4


def test_proxies_and_netrc_are_not_used(
    server: RawServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ada password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server.normally = answer(200, b"file", Set_Cookie="a=b")
    with RawServer(normally=answer(500)) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)

        assert read(f"{server.url}/file", SANDBOX) == b"file"

        assert proxy.connections == 0
    assert "Authorization" not in server.requests[0].headers


def test_a_server_that_is_not_there_interrupts(server: RawServer) -> None:
    with pytest.raises(DownloadInterruptedError):
        read("http://127.0.0.1:9/file", SANDBOX)
