"""`{% load eyeson %}`: a room's join button, state, recordings and pictures in a site's own pages.

Every tag takes a room, reads our rows and asks nobody. Rooms of `Room.objects.for_display(user)` cost no
query; else it is one for each kind of row that is shown. The user is that of the `request` in the context;
what the policy does not let them see is an empty string, and so is a room that is None, not saved or
deleted. Any other object is an empty string too, unless DEBUG is on: then it is an error that says so.

The markup lies in `eyeson_meetings/tags/*.html`; a site may put templates of these names in place of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import template
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import prefetch_related_objects
from django.middleware.csrf import get_token
from django.template import Context, TemplateSyntaxError
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eyeson_meetings.exceptions import ConfigurationError
from eyeson_meetings.live.addresses import socket_address
from eyeson_meetings.models import Invitation, Recording, Room
from eyeson_meetings.models.moments import local_time
from eyeson_meetings.policies import policy
from eyeson_meetings.services.guests import guest_url
from eyeson_meetings.services.meeting_pages import meeting_page_origins
from eyeson_meetings.services.posters import choose_posters
from eyeson_meetings.services.status import (
    confirmed_at,
    entity_tag,
    latest_meeting,
    recent_recordings,
    recent_snapshots,
    room_state,
)

register = template.Library()

#: What `eyeson_can` knows: the questions to the policy about a room, and the one about a recording.
ABILITIES: dict[type, tuple[str, ...]] = {
    Room: ("view", "join", "moderate", "record", "broadcast"),
    Recording: ("watch",),
}
#: What a meeting needs of the browser. A frame hands it on only by name.
MEETING_FEATURES = (
    "camera",
    "microphone",
    "fullscreen",
    "speaker-selection",
    "display-capture",
    "picture-in-picture",
    "web-share",
    "autoplay",
    "hid",
    "clipboard-write",
    "geolocation",
    "compute-pressure",
)

RECORDING_WORDS = {
    Recording.RemoteState.RECORDING.value: gettext_lazy("Being recorded"),
    Recording.RemoteState.PROCESSING.value: gettext_lazy("Being prepared"),
    Recording.RemoteState.AVAILABLE.value: gettext_lazy("Ready, and soon to be copied here"),
    Recording.StoreState.FETCHING.value: gettext_lazy("Being copied here"),
    Recording.FAILING: gettext_lazy("Could not be copied here yet"),
    Recording.StoreState.STORED.value: gettext_lazy("Ready to play"),
    Recording.StoreState.FAILED.value: gettext_lazy("Could not be copied here"),
    Recording.StoreState.PRUNED.value: gettext_lazy("Deleted after its time"),
}


@dataclass(frozen=True)
class Asked:
    """Whom `eyeson_can` asks about, and for whom: the answer of `eyeson_for`."""

    target: Room | Recording
    user: Any


@register.simple_tag
def eyeson_join_url(room: Room | None) -> str:
    """Address of the room's lobby, without a query: it leads nobody in whom the policy keeps out."""
    return reverse("eyeson:join", args=[room.uuid]) if _is_saved(room, Room) and room else ""


@register.simple_tag(takes_context=True)
def eyeson_guest_url(context: Context, target: Room | Invitation | None) -> str:
    """The guest link of a room or of one invitation, for those who may invite.

    Empty when the link would open nothing: no guests in this room, a personal invitation is needed, or
    this one has expired or been revoked.
    """
    if not _is_saved(target, Room, Invitation) or target is None:
        return ""
    room = target if isinstance(target, Room) else target.room
    if not policy().can_moderate(_user(context), _with_members(room)):
        return ""
    if isinstance(target, Invitation):
        is_open = room.guest_access != Room.GuestAccess.NONE and target.is_valid
        return guest_url(invitation=target) if is_open else ""
    return guest_url(room=room) if room.guest_access == Room.GuestAccess.LINK else ""


@register.simple_tag(takes_context=True)
def eyeson_join(
    context: Context, room: Room | None, *, large: bool = False, embedded: bool = False
) -> str:
    """A button that joins, for those who may; nothing once the room is closed.

    `large` makes it as wide as the page; `embedded` is for pages that are shown in a frame themselves.
    """
    if not _may_enter(context, room) or room is None:
        return ""
    values = {
        "room": room,
        "url": _lobby_url(room, embedded=embedded),
        "large": large,
        "csrf_token": get_token(_request(context)),
    }
    return _rendered(context, "join", values)


@register.simple_tag(takes_context=True)
def eyeson_status(context: Context, room: Room | None) -> str:
    """What goes on in the room, kept up to date by the browser, for those who may see the room."""
    if not _is_saved(room, Room) or room is None:
        return ""
    if not policy().can_view(_user(context), _with_members(room)):
        return ""
    state, meeting = room_state(room), latest_meeting(room)
    values = {
        "room": room,
        "url": reverse("eyeson:status", args=[room.uuid]),
        "socket": socket_address(room.uuid),
        "etag": entity_tag(state),
        "state": state["state"],
        "online": state["online"],
        "locked": state["locked"],
        "is_recording": state["recording"],
        "is_broadcast": state["broadcast"],
        "meeting": meeting,
        "now": timezone.now(),
        "as_of": confirmed_at(meeting),
    }
    return _rendered(context, "status", values)


@register.simple_tag(takes_context=True)
def eyeson_talk(context: Context, room: Room | None) -> str:
    """Show the last lines of chat and who is on screen, for those who may join the room.

    The browser fills it in while an observer listens. Empty on a site without sockets.
    """
    if not _is_saved(room, Room) or room is None or not (socket := socket_address(room.uuid)):
        return ""
    if not policy().can_join(_user(context), _with_members(room)):
        return ""
    return _rendered(context, "talk", {"room": room, "socket": socket})


@register.simple_tag(takes_context=True)
def eyeson_recordings(context: Context, room: Room | None) -> str:
    """The newest recordings of the room that the user may watch, as tiles with players."""
    if not _is_saved(room, Room) or room is None:
        return ""
    user = _user(context)
    can_view = policy().can_view(user, _with_members(room))
    recordings = [row for row in recent_recordings(room) if policy().can_watch(user, row)]
    if not recordings and not can_view:
        return ""
    if can_view:
        # Who may watch and not view the room would be refused the pictures.
        choose_posters(recordings, room=room)
    return _rendered(context, "recordings", {"room": room, "recordings": recordings})


@register.simple_tag(takes_context=True)
def eyeson_snapshots(context: Context, room: Room | None) -> str:
    """The newest pictures of the room's meetings, for those whom the policy lets open them.

    Each is served by the site, which asks the policy again on every request.
    """
    if not _is_saved(room, Room) or room is None:
        return ""
    if not policy().can_download(_user(context), _with_members(room)):
        return ""
    rows = recent_snapshots(room)
    values = {
        "room": room,
        "snapshots": [row for row in rows if row.is_stored],
        "coming": sum(row.is_coming for row in rows),
    }
    return _rendered(context, "snapshots", values)


@register.simple_tag(takes_context=True)
def eyeson_iframe(context: Context, room: Room | None, *, back_url: str = "") -> str:
    """A frame with the room's lobby, for those who may join; their press of Join opens the meeting in it.

    The bar above it leads to a new tab and, with `back_url`, back to that page. The frame is a page of this site,
    so no key stands in the markup. Nothing once the room is closed.
    """
    if not _may_enter(context, room) or room is None:
        return ""
    try:
        origins = " ".join(["'self'", *meeting_page_origins(room.account)])
    except ConfigurationError:
        # The lobby in the frame says what is wrong, in words.
        origins = "'self'"
    values = {
        "room": room,
        "url": _lobby_url(room, embedded=True),
        "tab_url": _lobby_url(room, embedded=False),
        "back_url": back_url,
        # With their origins: left alone, they hold for this site only, and not for where Join leads.
        "allow": "; ".join(f"{feature} {origins}" for feature in MEETING_FEATURES),
    }
    return _rendered(context, "iframe", values)


@register.filter
def eyeson_for(target: Room | Recording | None, user: Any) -> Asked | None:
    """`room|eyeson_for:user|eyeson_can:"record"`: whose abilities are asked for. None for no room."""
    if not _is_saved(target, Room, Recording) or target is None:
        return None
    # "" is what the template engine makes of a user that is not there.
    is_user = hasattr(user, "is_authenticated")
    return Asked(target, user if is_user else AnonymousUser())


@register.filter
def eyeson_can(asked: Asked | None, ability: str) -> bool:
    """Whether the policy lets the user of `eyeson_for` do that; False where there is no room.

    Raises TemplateSyntaxError for an ability that does not exist: a page must not hide a button for ever
    because of a typing mistake.
    """
    known = [name for names in ABILITIES.values() for name in names]
    if ability not in known:
        raise TemplateSyntaxError(
            f"eyeson_can knows no ability {ability!r}. There are: {', '.join(known)}."
        )
    if not isinstance(asked, Asked):
        if asked and settings.DEBUG:
            raise TemplateSyntaxError(
                f'eyeson_can must know who asks: {{{{ room|eyeson_for:user|eyeson_can:"{ability}" }}}}.'
            )
        return False
    target, kind = asked.target, type(asked.target)
    if ability not in ABILITIES[kind]:
        raise TemplateSyntaxError(
            f"eyeson_can knows of a {kind.__name__} only: {', '.join(ABILITIES[kind])}."
        )
    _with_members(target.room if isinstance(target, Recording) else target)
    return bool(getattr(policy(), f"can_{ability}")(asked.user, target))


@register.filter
def eyeson_when(moment: datetime | None) -> str:
    """The time of a moment of today, date and time of any other, in the site's time zone and words."""
    if moment is None:
        return ""
    local = local_time(moment)
    if local.date() == timezone.localdate():
        return time_format(local, "TIME_FORMAT")
    return date_format(local, "DATETIME_FORMAT")


@register.filter
def eyeson_initials(name: str) -> str:
    """The first letters of the first and the last word of a name, for where a picture of the person would be."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


@register.filter
def eyeson_duration(seconds: int | None) -> str:
    """Seconds as people write them: 0:07, 12:05, 1:02:03."""
    if seconds is None:
        return ""
    hours, rest = divmod(int(seconds), 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


@register.filter
def eyeson_recording_state(recording: Recording) -> str:
    """How far a recording has come, in words for those who wait for it."""
    return str(RECORDING_WORDS.get(recording.state, _("Expected")))


@register.filter
def eyeson_recording_trouble(recording: Recording) -> str:
    """Why a recording could not be copied here, and until when that is tried; "" for all others."""
    if recording.store_state == Recording.StoreState.FAILED:
        return recording.error
    if not recording.is_failing:
        return ""
    reason = _("Last error: %(error)s") % {"error": recording.error}
    if recording.lost_at is None:
        return reason
    kept = _("eyeson keeps it until %(time)s.") % {"time": eyeson_when(recording.lost_at)}
    return f"{kept} {reason}"


def _is_saved(target: object, *kinds: type) -> bool:
    # "" is what the template engine makes of a variable that is not there.
    if target is None or target == "":
        return False
    if isinstance(target, kinds):
        return getattr(target, "pk", None) is not None
    if settings.DEBUG:
        wanted = " or ".join(kind.__name__ for kind in kinds)
        raise TemplateSyntaxError(f"An eyeson tag needs a {wanted}, not a {type(target).__name__}.")
    return False


def _may_enter(context: Context, room: Room | None) -> bool:
    if not _is_saved(room, Room) or room is None or room.closed_at is not None:
        return False
    return policy().can_join(_user(context), _with_members(room))


def _lobby_url(room: Room, *, embedded: bool) -> str:
    address = reverse("eyeson:join", args=[room.uuid])
    return f"{address}?embed=1" if embedded else address


def _request(context: Context) -> Any:
    # A RequestContext knows its request even where the site left out the context processor.
    return context.get("request") or getattr(context, "request", None)


def _user(context: Context) -> Any:
    """Who looks at the page; nobody when the context has no request."""
    return getattr(_request(context), "user", None) or AnonymousUser()


def _with_members(room: Room) -> Room:
    """`room` with its members at hand: the policy then asks for them once, not once a recording."""
    prefetch_related_objects([room], "members")
    return room


def _rendered(context: Context, name: str, values: dict[str, Any]) -> SafeString:
    assert context.template is not None  # noqa: S101  (always so while a template is being rendered)
    chosen = context.template.engine.get_template(f"eyeson_meetings/tags/{name}.html")
    return chosen.render(context.new(values))
