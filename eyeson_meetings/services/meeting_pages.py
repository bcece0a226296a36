"""Where eyeson's meeting page is, for sites that let a browser go there: policies, and frames."""

from __future__ import annotations

from urllib.parse import urlsplit

from eyeson_meetings import conf


def meeting_page_origins(alias: str = conf.DEFAULT_ACCOUNT) -> list[str]:
    """The origins to which a join of this account may lead, such as `https://app.eyeson.team`.

    They belong into `form-action` and `frame-src` of a site's content security policy, and into the
    `allow` of a frame in which people meet. Raises UnknownAccountError and ConfigurationError.
    """
    account = conf.account(alias)
    if account.sandbox:
        base = urlsplit(account.base_url)
        return [f"{base.scheme}://{base.netloc}"]
    return [f"https://{host}" for host in conf.setting("MEETING_HOSTS")]
