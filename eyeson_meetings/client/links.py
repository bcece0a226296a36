"""Which links we follow, and to which machines.

A link comes from outside. It is followed only to hosts that the site has named, over TLS, and only to
public addresses: a name may resolve to the site's own network.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from eyeson_meetings.exceptions import LinkRefusedError

from .secrets import Secret

LONGEST_LINK = 4096

#: Visible ASCII without what URL parsers disagree about: "\" and "@".
_PLAIN = re.compile(r"[\x21-\x3f\x41-\x5b\x5d-\x7e]+")
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
        "::/96",  # IPv4-compatible
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",  # Teredo and other protocols
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/9",
        "ff00::/8",
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


def check_link(link: Secret, rules: LinkRules) -> None:
    """Raises LinkRefusedError unless the link leads where the rules allow. Asks nobody."""
    if problem := problem_of(link, rules):
        raise LinkRefusedError(problem)


def problem_of(link: Secret, rules: LinkRules) -> str:
    """Why the link is not followed, without any of its text; "" when it is."""
    text = link.reveal()
    if len(text) > LONGEST_LINK or not _PLAIN.fullmatch(text):
        return "The link is not written as links are."
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
    return _problem_of_place(parts.scheme, host, port, rules)


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
    return peer.is_global and not any(peer in network for network in _NOT_PUBLIC)


def _problem_of_place(scheme: str, host: str, port: int | None, rules: LinkRules) -> str:
    is_allowed = host in {name.lower() for name in rules.allowed_hosts}
    if rules.sandbox:
        if scheme not in ("http", "https"):
            return "The link begins with neither http nor https."
        is_allowed = is_allowed or _is_this_machine(host)
    elif scheme != "https" or port not in (None, 443):
        return "The link does not begin with https, or names a port."
    return "" if is_allowed else "The link leads to a host that is not allowed."


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
