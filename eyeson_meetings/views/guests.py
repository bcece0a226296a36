"""The guest's way in: a signed link, a lobby that waits for the host, a name, the meeting."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import get_script_prefix, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _

from eyeson_meetings.exceptions import MeetingNotRunningError, NotAllowedError
from eyeson_meetings.forms import FocusOnErrorMixin
from eyeson_meetings.live.addresses import guest_socket_address
from eyeson_meetings.models.names import refuse_unseen
from eyeson_meetings.models.rooms import random_eyeson_id
from eyeson_meetings.policies import policy
from eyeson_meetings.sanitizing import is_readable
from eyeson_meetings.services.guests import GuestAccess, inviter_of, open_guest_link
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


class GuestForm(FocusOnErrorMixin, forms.Form):
    """The name under which a guest appears. One whose invitation fixes the name is not asked."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=80,
        validators=[refuse_unseen],
        widget=forms.TextInput(attrs={"autocomplete": "name", "class": "eyeson-input"}),
    )

    def __init__(self, *args: Any, fixed_name: str = "", **kwargs: Any) -> None:
        """As any form."""
        super().__init__(*args, **kwargs)
        self.fixed_name = fixed_name
        if fixed_name:
            del self.fields["name"]

    def clean_name(self) -> str:
        """The name. Raises ValidationError for one of which people see nothing."""
        name: str = self.cleaned_data["name"]
        if not is_readable(name):
            raise forms.ValidationError(_("Please give a name that people can read."))
        return name


class GuestLinkView(PageView):
    """A page behind a guest link: no account, and one 404 for every link that does not open."""

    def known_as(self, request: HttpRequest) -> str:
        """Return what this browser keeps since it came by this link: a guest's id or an invitation's mark; or ""."""
        known = request.get_signed_cookie(
            COOKIE, default="", salt=COOKIE_SALT, max_age=COOKIE_SECONDS
        )
        return known or ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """As every page, and the gone page when the link opens nothing."""
        try:
            return super().dispatch(request, *args, **kwargs)
        except NotAllowedError:
            # Unknown, expired and revoked look the same: nobody learns which links once held.
            context = {"home_url": get_script_prefix()}
            response = render(request, "eyeson_meetings/guest_gone.html", context, status=404)
            return self.with_headers(request, response)


@method_decorator(login_not_required, name="dispatch")
class GuestView(GuestLinkView):
    """GET shows the guest's lobby, calls nobody and writes nothing; POST joins under the name given."""

    template_name: ClassVar[str] = "eyeson_meetings/guest.html"

    def get(self, request: HttpRequest, token: str) -> HttpResponseBase:
        """The lobby: a name to give, and whether the meeting runs."""
        known = self.known_as(request)
        access = open_guest_link(token, mark=known)
        form = GuestForm(initial={"name": _invited_name(access)}, fixed_name=_fixed_name(access))
        response = self._lobby(request, token, access, form)
        if access.invitation is not None:
            return response
        # Two clicks on its button are one guest.
        return self._remember(request, token, known or random_eyeson_id(), response)

    def post(self, request: HttpRequest, token: str) -> HttpResponseBase:
        """303 to the guest's own meeting page, the lobby again, or a page that says why not."""
        known = self.known_as(request)
        access = open_guest_link(token, mark=known)
        known, response = self._join(request, token, access, known)
        return self._remember(request, token, known, response) if known else response

    def _join(
        self, request: HttpRequest, token: str, access: GuestAccess, known: str
    ) -> tuple[str, HttpResponse]:
        """What the browser is to keep, and the answer."""
        invitation = access.invitation
        form = GuestForm(request.POST, fixed_name=_fixed_name(access))
        if invitation is None and not known:
            known = random_eyeson_id()
        if not form.is_valid():
            return known, self._lobby(request, token, access, form, status=400)
        name = form.cleaned_data.get("name", form.fixed_name)
        try:
            joined = join_as_guest(
                room=access.room,
                name=name,
                guest_id=known if invitation is None else None,
                invitation=invitation,
                is_known_browser=access.is_known_browser,
            )
        except MeetingNotRunningError:
            return known, self._lobby(request, token, access, form, status=409)
        except JOIN_ERRORS as error:
            # eyeson may have let them in all the same.
            return known, trouble_page(
                request,
                error,
                room=access.room,
                retry_url=reverse("eyeson:guest", args=[token]),
                retry_fields={"name": name},
            )
        kept = joined.participant.eyeson_id if invitation is None else invitation.mark
        return kept, MeetingRedirect(joined)

    def _remember(
        self, request: HttpRequest, token: str, known: str, response: HttpResponse
    ) -> HttpResponse:
        """Have the browser say who it is when it comes by this link again."""
        response.set_signed_cookie(
            COOKIE,
            known,
            salt=COOKIE_SALT,
            max_age=COOKIE_SECONDS,
            # One link, one identity: another link of the same browser is another guest.
            path=reverse("eyeson:guest", args=[token]),
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )
        return response

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
            # The socket gets no cookie: it would refuse a browser that has used the invitation up.
            "socket": "" if _is_used_up(access) else guest_socket_address(token),
            "inviter": inviter_of(access),
            "planned": policy().planned_time(access.room),
            "not_running": status == 409,
            "embedded": is_embedded(request),
            "now": timezone.now(),
            "as_of": confirmed_at(latest_meeting(access.room)),
        }
        return render(request, self.template_name, context, status=status)


def _invited_name(access: GuestAccess) -> str:
    return access.invitation.name if access.invitation is not None else ""


def _fixed_name(access: GuestAccess) -> str:
    return access.invitation.fixed_name if access.invitation is not None else ""


def _is_used_up(access: GuestAccess) -> bool:
    return access.invitation is not None and access.invitation.is_used_up


@method_decorator(login_not_required, name="dispatch")
class GuestStatusView(JsonStateView, GuestLinkView):
    """Tell the guest page what changed while it stays open."""

    def get(self, request: HttpRequest, token: str) -> HttpResponseBase:
        """The state as JSON, 304 when the browser has it; the usual 404 for a link that opens nothing."""
        access = open_guest_link(token, mark=self.known_as(request))
        return state_response(request, guest_state(access.room))
