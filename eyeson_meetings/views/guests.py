"""The guest's way in: a signed link, a lobby that waits for the host, a name, the meeting."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _

from eyeson_meetings.exceptions import MeetingNotRunningError, NotAllowedError
from eyeson_meetings.live.addresses import guest_socket_address
from eyeson_meetings.models.names import refuse_unseen
from eyeson_meetings.models.rooms import random_eyeson_id
from eyeson_meetings.sanitizing import is_readable
from eyeson_meetings.services.guests import GuestAccess, open_guest_link
from eyeson_meetings.services.rooms import join_as_guest
from eyeson_meetings.services.status import confirmed_at, entity_tag, guest_state, latest_meeting

from .pages import JOIN_ERRORS, JsonStateView, MeetingRedirect, PageView, is_embedded, trouble_page
from .quiet_logs import hide_guest_links
from .status import state_response

# No guest link is asked for before this module is there.
hide_guest_links()

COOKIE = "eyeson_guest"
COOKIE_SALT = "eyeson.guest.id"
COOKIE_SECONDS = 30 * 24 * 3600


class GuestForm(forms.Form):
    """The name under which a guest appears."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=80,
        validators=[refuse_unseen],
        widget=forms.TextInput(attrs={"autocomplete": "name", "class": "eyeson-input"}),
    )

    def clean_name(self) -> str:
        """The name. Raises ValidationError for one of which people see nothing."""
        name: str = self.cleaned_data["name"]
        if not is_readable(name):
            raise forms.ValidationError(_("Please give a name that people can read."))
        return name


class GuestLinkView(PageView):
    """A page behind a guest link: no account, and one 404 for every link that does not open."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """As every page, and the gone page when the link opens nothing."""
        try:
            return super().dispatch(request, *args, **kwargs)
        except NotAllowedError:
            # Unknown, expired and revoked look the same: nobody learns which links once held.
            response = render(request, "eyeson_meetings/guest_gone.html", status=404)
            return self.with_headers(request, response)


@method_decorator(login_not_required, name="dispatch")
class GuestView(GuestLinkView):
    """GET shows the guest's lobby, calls nobody and writes nothing; POST joins under the name given."""

    template_name: ClassVar[str] = "eyeson_meetings/guest.html"

    def get(self, request: HttpRequest, token: str) -> HttpResponseBase:
        """The lobby: a name to give, and whether the meeting runs."""
        access = open_guest_link(token)
        form = GuestForm(initial={"name": access.invitation.name if access.invitation else ""})
        response = self._lobby(request, token, access, form)
        # Two clicks on its button are one guest.
        return self._remember(request, token, self._guest_of(request, access), response)

    def post(self, request: HttpRequest, token: str) -> HttpResponseBase:
        """303 to the guest's own meeting page, the lobby again, or a page that says why not."""
        access = open_guest_link(token)
        guest_id, response = self._join(request, token, access, self._guest_of(request, access))
        return self._remember(request, token, guest_id, response)

    def _join(
        self, request: HttpRequest, token: str, access: GuestAccess, guest_id: str
    ) -> tuple[str, HttpResponse]:
        """Who came in, or tried to, and the answer."""
        form = GuestForm(request.POST)
        if not form.is_valid():
            return guest_id, self._lobby(request, token, access, form, status=400)
        name = form.cleaned_data["name"]
        try:
            joined = join_as_guest(room=access.room, name=name, guest_id=guest_id)
        except MeetingNotRunningError:
            return guest_id, self._lobby(request, token, access, form, status=409)
        except JOIN_ERRORS as error:
            # eyeson may have let them in all the same.
            return guest_id, trouble_page(
                request,
                error,
                room=access.room,
                retry_url=reverse("eyeson:guest", args=[token]),
                retry_fields={"name": name},
            )
        return joined.participant.eyeson_id, MeetingRedirect(joined)

    def _remember(
        self, request: HttpRequest, token: str, guest_id: str, response: HttpResponse
    ) -> HttpResponse:
        """Have the browser say who it is when it comes by this link again."""
        response.set_signed_cookie(
            COOKIE,
            guest_id,
            salt=COOKIE_SALT,
            max_age=COOKIE_SECONDS,
            # One link, one identity: another link of the same browser is another guest.
            path=reverse("eyeson:guest", args=[token]),
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )
        return response

    def _guest_of(self, request: HttpRequest, access: GuestAccess) -> str:
        """Who came by this link with this browser before; else whom it invites, or somebody new."""
        known: str | None = request.get_signed_cookie(
            COOKIE, default=None, salt=COOKIE_SALT, max_age=COOKIE_SECONDS
        )
        return known or access.guest_id or random_eyeson_id()

    def _lobby(
        self,
        request: HttpRequest,
        token: str,
        access: GuestAccess,
        form: GuestForm,
        status: int = 200,
    ) -> HttpResponse:
        state = guest_state(access.room)
        context = {
            "room": access.room,
            "form": form,
            "token": token,
            "state": state["state"],
            "is_recording": state["recording"],
            "is_broadcast": state["broadcast"],
            "etag": entity_tag(state),
            "socket": guest_socket_address(token),
            "not_running": status == 409,
            "embedded": is_embedded(request),
            "now": timezone.now(),
            "as_of": confirmed_at(latest_meeting(access.room)),
        }
        return render(request, self.template_name, context, status=status)


@method_decorator(login_not_required, name="dispatch")
class GuestStatusView(JsonStateView, GuestLinkView):
    """Tell the guest page what changed while it stays open."""

    def get(self, request: HttpRequest, token: str) -> HttpResponseBase:
        """The state as JSON, 304 when the browser has it; the usual 404 for a link that opens nothing."""
        return state_response(request, guest_state(open_guest_link(token).room))
