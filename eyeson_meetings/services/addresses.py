"""Addresses of this site's pages as they are from outside, for webhooks, mails and answers of the REST API."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import get_script_prefix, reverse, set_script_prefix
from django.utils.translation import override

from eyeson_meetings.conf import setting


def public_address(name: str, **kwargs: Any) -> str:
    """Return the address of a page under `EYESON["PUBLIC_URL"]`; without that setting the path alone.

    `name` is that of the URL pattern, without its namespace. Raises NoReverseMatch.
    """
    path = public_path(name, **kwargs)
    public_url = setting("PUBLIC_URL")
    return f"{public_url.rstrip('/')}{path}" if public_url else path


def public_path(name: str, **kwargs: Any) -> str:
    """Return the path of a page: the same in every request, thread, command and language.

    It begins with `FORCE_SCRIPT_NAME`, and below `i18n_patterns` with `LANGUAGE_CODE`. Raises NoReverseMatch.
    """
    before = get_script_prefix()
    if settings.FORCE_SCRIPT_NAME is not None:
        # Django sets it for requests and for the main thread of a command, and for no other thread.
        set_script_prefix(settings.FORCE_SCRIPT_NAME)
    try:
        with override(settings.LANGUAGE_CODE):
            return reverse(f"eyeson:{name}", kwargs=kwargs)
    finally:
        set_script_prefix(before)
