"""Which links we follow, and to which machines.

A link comes from outside. It is followed only to hosts that the site has named, over TLS, and only to
public addresses: a name may resolve to the site's own network. What parsers could read in two ways is refused
before it is parsed.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import quote, urljoin, urlsplit

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from eyeson_meetings.exceptions import LinkRefusedError

from .secrets import Secret

LONGEST_LINK = 4096

#: Characters that URL parsers drop or disagree about. They cannot be quoted safely.
_REFUSED = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\\]")
#: Scheme and authority in visible ASCII without "@"; then a path, or a query or fragment without "@".
_LINK = re.compile(
    r"""([a-z][a-z0-9+.-]*://[!"$-.0->A-\[\]-~]+(?<!:))(/.*|[?#][^@]*)?""",
    re.ASCII | re.DOTALL | re.IGNORECASE,
)
_HOST = re.compile(r"(?<=://)[^/?#@:]+")
#: What stays as it is after the authority: the delimiters of RFC 3986 without "@".
_KEPT = "/?#[]!$&'()*+,;=:%~"
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
#: All public IPv6 addresses are in here.
_PUBLIC_IPV6 = ipaddress.ip_network("2000::/3")
#: Not public, though `is_global` (in some version of Python) says so.
_NOT_PUBLIC = [
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "192.0.0.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "198.18.0.0/15",
        "224.0.0.0/3",  # multicast, reserved, broadcast
        "2001::/23",  # Teredo and other protocols
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRules:
    """Where a link may lead: to `allowed_hosts` over TLS on port 443.

    `sandbox` adds this machine and allows http and other ports. `ca_file` (PEM) names the certificates to
    trust instead of those that everybody trusts.
    """

    allowed_hosts: tuple[str, ...]
    sandbox: bool = False
    ca_file: str = ""


@dataclass(frozen=True, slots=True)
class _Place:
    """A link with quoted path and query, and where it leads."""

    text: str = field(repr=False)
    scheme: str
    host: str
    port: int | None


def check_link(link: Secret, rules: LinkRules) -> Secret:
    """Return the link as it may be followed: "@", blanks and non-ASCII after the host are quoted.

    Raises LinkRefusedError unless it leads where the rules allow. Sends nothing.
    """
    place = _read(link)
    problem = place if isinstance(place, str) else _problem_of_place(place, rules)
    if problem or isinstance(place, str):
        raise LinkRefusedError(problem)
    return Secret(place.text)


def web_page(address: str) -> str:
    """Return the address of a web page as a page may link to it, "" for anything else.

    An address with user info, a backslash or a control character is no address of a web page.
    """
    try:
        # Browsers write other scripts in ASCII before they look up a host.
        text = _HOST.sub(lambda host: host[0].encode("idna").decode(), address, count=1)
    except UnicodeError:
        return ""
    place = _read(Secret(text)) if not _REFUSED.search(address) else ""
    return place.text if isinstance(place, _Place) and place.scheme in ("http", "https") else ""


def joined_link(link: Secret, location: str) -> Secret:
    """Return where a redirect leads. An empty link stands for one that cannot be read."""
    # HTTP headers come as Latin-1, though most servers write UTF-8 into them.
    with contextlib.suppress(UnicodeError):
        location = location.encode("latin-1").decode()
    # `urljoin` drops some of these characters, so the check comes before.
    if _REFUSED.search(location):
        return Secret("")
    try:
        return Secret(urljoin(link.reveal(), location))
    except ValueError:
        return Secret("")


def _read(link: Secret) -> _Place | str:
    """Return where the link leads, or why it cannot be read, in words that quote nothing of it."""
    text = link.reveal()
    written = None if len(text) > LONGEST_LINK or _REFUSED.search(text) else _LINK.fullmatch(text)
    if written is None:
        return "The link is not written as links are."
    text = written[1] + quote(_LONE_PERCENT.sub("%25", written[2] or ""), safe=_KEPT)
    try:
        parts, again = urlsplit(text), parse_url(text)
        port = parts.port
    except (ValueError, LocationParseError):
        return "The link cannot be read."
    host = (parts.hostname or "").lower()
    # Two parsers, because what is checked and what is connected to must be the same.
    if (again.scheme, (again.host or "").strip("[]").lower(), again.port) != (
        parts.scheme,
        host,
        port,
    ):
        return "The link can be read in two ways."
    return _Place(text, parts.scheme, host, port)


def is_allowed_peer(address: str, *, sandbox: bool) -> bool:
    """Whether a connection that ended up at this IP address may be used."""
    try:
        peer = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(peer, ipaddress.IPv6Address) and peer.ipv4_mapped:
        peer = peer.ipv4_mapped
    if sandbox and peer.is_loopback:
        return True
    if isinstance(peer, ipaddress.IPv6Address) and peer not in _PUBLIC_IPV6:
        return False
    return peer.is_global and not any(peer in network for network in _NOT_PUBLIC)


def _problem_of_place(place: _Place, rules: LinkRules) -> str:
    is_allowed = place.host in {name.lower() for name in rules.allowed_hosts}
    if rules.sandbox:
        if place.scheme not in ("http", "https"):
            return "The link begins with neither http nor https."
        is_allowed = is_allowed or _is_this_machine(place.host)
    elif place.scheme != "https" or place.port not in (None, 443):
        return "The link does not begin with https, or names a port."
    return "" if is_allowed else "The link leads to a host that is not allowed."


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
