"""Showing a guest link to those who may invite, when the browser could not copy it by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from .base import AdminBase

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class GuestLinkMixin(AdminBase):
    """The page of a row that has a guest link."""

    def has_guest_link(self, request: HttpRequest, row: Any) -> bool:
        """Whether the row's link lets guests in."""
        raise NotImplementedError

    def guest_link(self, row: Any) -> str:
        """The link itself."""
        raise NotImplementedError

    def show_guest_link(self, request: HttpRequest, row: Any) -> HttpResponse | None:
        """A page with the link in a field, selected."""
        if not self.has_guest_link(request, row):
            messages.warning(request, _("There is no guest link: it would let nobody in."))
            return None
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "media": self.media,
            "opts": self.opts,
            "object": row,
            "title": _("Guest link"),
            "link": self.guest_link(row),
        }
        response = TemplateResponse(request, "admin/eyeson_meetings/guest_link.html", context)
        response.headers["Cache-Control"] = "private, no-store"
        return response
