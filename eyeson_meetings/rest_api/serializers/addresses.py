"""Addresses of this site's own pages, for answers."""

from __future__ import annotations

from uuid import UUID

from django.urls import reverse

from eyeson_meetings.conf import setting


def site_address(name: str, uuid: UUID) -> str:
    """The address of a page under `EYESON["PUBLIC_URL"]`; without one the path alone."""
    path = reverse(f"eyeson:{name}", kwargs={"uuid": uuid})
    public_url = setting("PUBLIC_URL")
    return f"{public_url.rstrip('/')}{path}" if public_url else path
