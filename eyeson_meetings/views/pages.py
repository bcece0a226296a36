"""What the pages share: their headers, the redirect into a meeting, and words for what went wrong."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.generic import View

from eyeson_meetings.exceptions import (
    ConfigurationError,
    DownloadError,
    EyesonError,
    EyesonMeetingsError,
    KeyLockedError,
    KeyRefusedError,
    LinkRefusedError,
    MeetingEndedError,
    MeetingLockedError,
    MeetingNotRunningError,
    NetworkError,
    PermalinkDeletedError,
    PermalinkExpiredError,
    PermalinkOverError,
    RoomClosedError,
    SecretUnreadableError,
    UnavailableError,
)
from eyeson_meetings.models import Room
from eyeson_meetings.services.rooms import JoinedRoom

logger = logging.getLogger(__name__)

#: What can come of a join that people should be told in words. All else is a bug and looks like one.
JOIN_ERRORS = (
    EyesonError,
    # A link into the meeting that we do not follow.
    DownloadError,
    ConfigurationError,
    RoomClosedError,
    PermalinkOverError,
    SecretUnreadableError,
)


class PageView(View):
    """A page that no cache keeps, no search engine lists and no other site frames."""

    http_method_names = ["get", "head", "post", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer, then set the headers that every page has."""
        return self.with_headers(request, super().dispatch(request, *args, **kwargs))

    def with_headers(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """`response` with the headers of a page; a Referrer-Policy of its own stays."""
        # Not `no-referrer`: browsers then send `Origin: null`, and Django refuses the form.
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers["Cache-Control"] = "private, no-store"
        response.headers["X-Robots-Tag"] = "noindex"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Frame-Options"] = "SAMEORIGIN" if is_embedded(request) else "DENY"
        return response


class MeetingRedirect(HttpResponseRedirect):
    """303 to somebody's personal meeting page, the one place where its address is spelled out."""

    status_code = 303

    def __init__(self, joined: JoinedRoom) -> None:
        """Where it leads was checked by the service."""
        super().__init__(joined.url.reveal(), headers={"Referrer-Policy": "no-referrer"})

    def __repr__(self) -> str:
        # Django's own names the address, and with it the access key.
        return f"<{type(self).__name__} status_code={self.status_code}>"


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What to tell a person whose join failed."""

    status: int
    title: str
    text: str
    can_retry: bool = True


def is_embedded(request: HttpRequest) -> bool:
    """Whether the page is shown in a frame of this site (`?embed=1`)."""
    return request.GET.get("embed") == "1"


def trouble_page(
    request: HttpRequest,
    error: EyesonMeetingsError,
    *,
    room: Room,
    retry_url: str,
    retry_fields: Mapping[str, str] = MappingProxyType({}),
) -> HttpResponse:
    """The page that says in words what `error` means and offers another try where that can help.

    `retry_url` is where a POST of `retry_fields` tries again, and where a GET shows the lobby.
    """
    trouble = trouble_of(error)
    if trouble.status >= 500:
        logger.warning("A join failed: %s", error)
    response = render(
        request,
        "eyeson_meetings/trouble.html",
        {
            "room": room,
            "retry_url": f"{retry_url}?embed=1" if is_embedded(request) else retry_url,
            "retry_fields": retry_fields,
            "trouble": trouble,
            "embedded": is_embedded(request),
            # eyeson's own words help those who run the site and puzzle everybody else.
            "details": str(error) if getattr(request.user, "is_staff", False) else "",
        },
        status=trouble.status,
    )
    if isinstance(error, UnavailableError) and error.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(math.ceil(error.retry_after_seconds))
    return response


def trouble_of(error: EyesonMeetingsError) -> Trouble:
    """Status and words for an error of a join; the general ones for what has none of its own."""
    match error:
        case RoomClosedError():
            return Trouble(
                status=409,
                title=_("This room is closed"),
                text=_("Nobody can join it any more."),
                can_retry=False,
            )
        case PermalinkExpiredError():
            return Trouble(
                status=410,
                title=_("The time of this room is over"),
                text=_("No meeting can start in it any more. A host can give it more time."),
                can_retry=False,
            )
        case PermalinkDeletedError():
            return Trouble(
                status=410,
                title=_("This room does not exist any more"),
                text=_("The meeting service has deleted it. Please ask those who run this site."),
                can_retry=False,
            )
        case MeetingLockedError():
            return Trouble(
                status=423,
                title=_("The meeting is locked"),
                text=_("The host lets nobody else in. You can try again when the next one starts."),
            )
        case MeetingEndedError():
            return Trouble(
                status=410,
                title=_("The meeting has ended"),
                text=_("You can come in again when the next one starts."),
            )
        case MeetingNotRunningError():
            return Trouble(
                status=409,
                title=_("The meeting has not started yet"),
                text=_("The host has not started it. Please wait a moment."),
            )
        case NetworkError() | UnavailableError():
            return Trouble(
                status=503,
                title=_("The meeting service does not answer"),
                text=_("You are not in the meeting yet. Please try again in a moment."),
            )
        case ConfigurationError() | KeyRefusedError() | KeyLockedError() | SecretUnreadableError():
            return Trouble(
                status=503,
                title=_("Meetings are not available right now"),
                text=_("This site has to be set up for meetings. Please tell those who run it."),
            )
        case LinkRefusedError():
            return Trouble(
                status=502,
                title=_("We did not follow the way into the meeting"),
                text=_(
                    "It leads to a place this site does not know. Please tell those who run it."
                ),
            )
    return Trouble(
        status=502,
        title=_("The meeting service refused"),
        text=_("It did not let you in, and nothing has changed here. Please try again."),
    )
