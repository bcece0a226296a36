"""What goes on in a room and what went on lately, as the top and the end of its page show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from eyeson_meetings.models import Broadcast, Meeting, Recording, Room, RoomFile
from eyeson_meetings.services.status import (
    latest_meeting,
    people_online,
    recent_recordings,
    state_of,
)

from .broadcast_words import broadcast_badge, known_broadcast, place_of
from .meeting_buttons import is_being_recorded
from .showing import shown_badge, shown_download, shown_duration, shown_time, shown_web_link

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django.contrib.admin import AdminSite
    from django.db.models import Model
    from django.http import HttpRequest

#: Rows of each table, newest first.
RECENT = 10
#: Names of people who are in; the others are counted.
NAMES = 30


@dataclass(frozen=True, kw_only=True)
class Table:
    """The newest rows of one kind and where all of them are."""

    title: str
    heads: tuple[str, ...]
    #: Address ("" for none) and cells of each row.
    rows: list[tuple[str, tuple[str, ...]]]
    all_url: str


@dataclass(frozen=True, kw_only=True)
class Overview:
    """A room at a glance."""

    badge: SafeString
    since: datetime | None
    is_recorded: bool
    #: Where it is broadcast to and the page to watch it on, "" if it is not.
    broadcast_to: str
    player_page: str
    is_locked: bool
    is_closed: bool
    people: list[str]
    #: How many more are in than `people` names.
    more: int
    tables: list[Table]


def room_state_badge(state: str) -> SafeString:
    """The word for a `state_of` a room."""
    words = {
        "idle": _("no meeting yet"),
        "opening": _("opening"),
        "running": _("in progress"),
        "ended": _("no meeting now"),
        "closed": _("closed"),
    }
    return shown_badge(state, words[state])


def overview_of(request: HttpRequest, room: Room, site: AdminSite) -> Overview:
    """The room at a glance, for a staff user; kinds of rows that they may not see are left out."""
    meeting = latest_meeting(room)
    is_open = meeting is not None and meeting.ended_at is None
    people = people_online(room) if is_open else []
    broadcast = known_broadcast(meeting) if meeting is not None and is_open else None
    return Overview(
        badge=room_state_badge(state_of(room)),
        since=meeting.started_at if meeting is not None and is_open else None,
        is_recorded=meeting is not None and is_open and is_being_recorded(meeting),
        broadcast_to=place_of(broadcast) if broadcast is not None else "",
        player_page=shown_web_link(broadcast.player_url)
        if broadcast is not None and broadcast.player_url
        else "",
        is_locked=meeting is not None and is_open and meeting.locked,
        is_closed=room.closed_at is not None,
        people=[str(person) for person in people[:NAMES]],
        more=max(0, len(people) - NAMES),
        tables=[
            table
            for model, make in TABLES.items()
            if (shown := site._registry.get(model)) is not None
            and shown.has_view_permission(request)
            and (table := make(room, site.name)).rows
        ],
    )


def _meetings(room: Room, site_name: str) -> Table:
    rows = room.meetings.order_by("-started_at")[:RECENT]
    return Table(
        title=_("Recent meetings"),
        heads=(_("Started"), _("Ended"), _("State")),
        rows=[
            (
                _address("meeting_change", site_name, row.pk),
                (
                    shown_time(row.started_at),
                    shown_time(row.ended_at),
                    shown_badge(row.state.value, str(row.state.label)),
                ),
            )
            for row in rows
        ],
        all_url=f"{_address('meeting_changelist', site_name)}?room__id__exact={room.pk}",
    )


def _recordings(room: Room, site_name: str) -> Table:
    return Table(
        title=_("Recent recordings"),
        heads=(_("Created"), _("Duration"), _("State")),
        rows=[
            (
                _address("recording_change", site_name, row.pk),
                (
                    shown_time(row.created_at),
                    shown_duration(row.duration),
                    shown_badge(row.state or "unknown", row.state_label),
                ),
            )
            for row in recent_recordings(room)[:RECENT]
        ],
        all_url=f"{_address('recording_changelist', site_name)}?room__id__exact={room.pk}",
    )


def _broadcasts(room: Room, site_name: str) -> Table:
    rows = Broadcast.objects.filter(meeting__room=room).select_related("target")
    return Table(
        title=_("Recent broadcasts"),
        heads=(_("Started"), _("Stopped"), _("To"), _("State")),
        rows=[
            (
                _address("broadcast_change", site_name, row.pk),
                (
                    shown_time(row.started_at),
                    shown_time(row.stopped_at),
                    place_of(row),
                    broadcast_badge(row),
                ),
            )
            for row in rows.order_by("-started_at", "-pk")[:RECENT]
        ],
        all_url=f"{_address('broadcast_changelist', site_name)}?meeting__room__id__exact={room.pk}",
    )


def _files(room: Room, site_name: str) -> Table:
    return Table(
        title=_("Recent files"),
        heads=(_("Name"), _("Created"), _("State"), _("File")),
        rows=[
            (
                _address("roomfile_change", site_name, row.pk),
                (
                    row.name or row.eyeson_id,
                    shown_time(row.created_at),
                    shown_badge(row.store_state, row.state_label),
                    shown_download(row),
                ),
            )
            for row in room.files.order_by("-created_at", "-pk")[:RECENT]
        ],
        all_url=f"{_address('roomfile_changelist', site_name)}?room__id__exact={room.pk}",
    )


#: In the order of the page.
TABLES: dict[type[Model], Callable[[Room, str], Table]] = {
    Meeting: _meetings,
    Recording: _recordings,
    RoomFile: _files,
    Broadcast: _broadcasts,
}


def _address(name: str, site_name: str, *args: object) -> str:
    return reverse(f"admin:eyeson_meetings_{name}", args=args, current_app=site_name)
