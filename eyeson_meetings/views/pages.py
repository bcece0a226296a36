"""What the pages share: their headers, the redirect into a meeting, and words for what went wrong."""

from __future__ import annotations

import functools
import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.db import Error as DatabaseFault
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.generic import View

from eyeson_meetings.databases import in_no_transaction
from eyeson_meetings.exceptions import (
    ConfigurationError,
    DownloadError,
    EyesonError,
    EyesonMeetingsError,
    KeyLockedError,
    KeyRefusedError,
    LinkRefusedError,
    LockRefusedError,
    MeetingEndedError,
    MeetingLockedError,
    MeetingNotRunningError,
    NetworkError,
    PermalinkDeletedError,
    PermalinkExpiredError,
    PermalinkOverError,
    RoomClosedError,
    SecretUnreadableError,
    TooManyEntriesError,
    UnavailableError,
)
from eyeson_meetings.models import Room
from eyeson_meetings.outages import (
    RETRY_AFTER_SECONDS,
    Tally,
    already_logged,
    is_database_away,
)
from eyeson_meetings.services.capacity import no_new_meeting, why_no_new_meeting
from eyeson_meetings.services.rooms import JoinedRoom

logger = logging.getLogger(__name__)
_database_away = Tally(logger, "Requests not served: %d, the database is away (%s).")

#: What can come of a join that people should be told in words. All else is a bug and looks like one.
JOIN_ERRORS = (
    EyesonError,
    # A link into the meeting that we do not follow.
    DownloadError,
    ConfigurationError,
    LockRefusedError,
    RoomClosedError,
    PermalinkOverError,
    SecretUnreadableError,
    TooManyEntriesError,
)


class DatabaseView(View):
    """A view that answers 503 in words while the database is away.

    It runs in no transaction around the view, also with ATOMIC_REQUESTS: that would begin, and end, outside of it,
    and a rollback could not undo a join.
    """

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:
        """Return the view function, with all that dispatching may raise in it."""
        view = super().as_view(**initkwargs)

        @functools.wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                return view(request, *args, **kwargs)
            except DatabaseFault as error:
                if not is_database_away(error):
                    raise
                _database_away.count(type(error).__name__)
                return cls.unavailable(request)

        return in_no_transaction(answer)

    @classmethod
    def unavailable(cls, request: HttpRequest) -> HttpResponseBase:
        """Return the answer while the database is away: a page of ours that reads nothing, not even the user."""
        is_safe = request.method in ("GET", "HEAD", "OPTIONS")
        # Not the frame of the site's pages, which may show who is signed in.
        text = render_to_string(
            "eyeson_meetings/unavailable.html",
            {"may_be_done": not is_safe, "embedded": is_embedded(request)},
        )
        return _unavailable(request, HttpResponse(text))


def _unavailable(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    response.status_code = 503
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    set_page_headers(request, response)
    return already_logged(response)


class JsonStateView(DatabaseView):
    """A view that programs read: its 503 is JSON."""

    @classmethod
    def unavailable(cls, request: HttpRequest) -> HttpResponseBase:
        """Return the answer while the database is away."""
        return _unavailable(request, JsonResponse({"error": "not available"}))


def set_page_headers(request: HttpRequest, response: HttpResponseBase) -> None:
    """Set the headers of a page; a Referrer-Policy of its own stays."""
    # Not `no-referrer`: browsers then send `Origin: null`, and Django refuses the form.
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "SAMEORIGIN" if is_embedded(request) else "DENY"


class PageView(DatabaseView):
    """A page that no cache keeps, no search engine lists and no other site frames."""

    http_method_names = ["get", "head", "post", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer, then set the headers that every page has."""
        return self.with_headers(request, super().dispatch(request, *args, **kwargs))

    def with_headers(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """`response` with the headers of a page; a Referrer-Policy of its own stays."""
        set_page_headers(request, response)
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
    #: After how long the page tries again by itself; None: never.
    retries_in_seconds: int | None = None


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
    trouble, is_staff = trouble_of(error), getattr(request.user, "is_staff", False)
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
            "details": _details(error, request, room) if is_staff else "",
        },
        status=trouble.status,
    )
    retry_after_seconds = getattr(error, "retry_after_seconds", None)
    if retry_after_seconds is not None:
        response.headers["Retry-After"] = str(math.ceil(retry_after_seconds))
    return already_logged(response) if trouble.status >= 500 else response


def _details(error: EyesonMeetingsError, request: HttpRequest, room: Room) -> str:
    if isinstance(error, KeyLockedError):
        return why_no_new_meeting(error, account=room.account, user=request.user)
    return str(error)


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
        case TooManyEntriesError():
            return Trouble(
                status=429,
                title=_("Too many at once"),
                text=str(error),
                retries_in_seconds=error.retry_after_seconds,
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
        case LockRefusedError():
            return Trouble(
                status=503,
                title=_("This site is busy with this room"),
                text=_("You are not in the meeting yet. Please try again in a moment."),
            )
        case KeyLockedError():
            return Trouble(
                status=503, title=_("No new meeting at the moment"), text=no_new_meeting()
            )
        case ConfigurationError() | KeyRefusedError() | SecretUnreadableError():
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
