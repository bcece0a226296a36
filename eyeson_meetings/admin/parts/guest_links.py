"""Showing a guest link to those who may invite, when the browser could not copy it by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.utils.translation import gettext as _

from .buttons import ButtonsMixin

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class GuestLinkMixin(ButtonsMixin):
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
        response = self.show_page(
            request, row, "guest_link", title=_("Guest link"), link=self.guest_link(row)
        )
        response.headers["Cache-Control"] = "private, no-store"
        return response
