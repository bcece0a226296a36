"""HTTP sessions that bring nothing along: no proxies, no .netrc, no cookies, no redirects, no repeats."""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy

import requests
from requests.adapters import HTTPAdapter

from eyeson_meetings import __version__


class BareSession(requests.Session):
    """A session with `adapter` for every address.

    It uses nothing of the environment. Bodies are asked for uncompressed, so that the length that is
    allowed is the length that comes. Whoever sends says what may be repeated.
    """

    def __init__(self, adapter: HTTPAdapter, *, accept: str) -> None:
        super().__init__()
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.headers.clear()
        self.headers.update(
            {
                "Accept": accept,
                "Accept-Encoding": "identity",
                "User-Agent": f"django-eyeson-meetings/{__version__}",
            }
        )
        for prefix in ("http://", "https://"):
            self.mount(prefix, adapter)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: requests would read the whole body of a redirect before it lets go of it."""
