"""What went on in a room lately, as the end of its page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _

from eyeson_meetings.models import Broadcast, Meeting, Recording, Room, RoomFile, Snapshot
from eyeson_meetings.policies import policy

from .broadcast_words import broadcast_badge, place_of
from .showing import (
    NOTHING,
    shown_badge,
    shown_download,
    shown_duration,
    shown_end,
    shown_meeting_state,
    shown_thumbnail,
    shown_time,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.admin import AdminSite
    from django.db.models import Model
    from django.http import HttpRequest

#: Rows of each table, newest first.
RECENT = 10


@dataclass(frozen=True, kw_only=True)
class Table:
    """The newest rows of one kind and where all of them are."""

    title: str
    heads: tuple[str, ...]
    #: Address ("" for none) and cells of each row.
    rows: list[tuple[str, tuple[str, ...]]]
    all_url: str


def tables_of(request: HttpRequest, room: Room, site: AdminSite) -> list[Table]:
    """What went on in the room lately; what this user may not see is left out."""
    can_see = policy().can_download(request.user, room)
    return [
        table
        for model, make in TABLES.items()
        if (shown := site._registry.get(model)) is not None
        and shown.has_view_permission(request)
        and (table := make(room, site.name, can_see)).rows
    ]


def _meetings(room: Room, site_name: str, can_see: bool) -> Table:
    rows = room.meetings.real().order_by("-started_at")[:RECENT]
    return Table(
        title=_("Recent meetings"),
        heads=(_("Started"), _("Ended"), _("State")),
        rows=[
            (
                _address("meeting_change", site_name, row.pk),
                (
                    shown_time(row.started_at),
                    shown_end(row),
                    shown_meeting_state(row),
                ),
            )
            for row in rows
        ],
        all_url=f"{_address('meeting_changelist', site_name)}?room__id__exact={room.pk}",
    )


def _recordings(room: Room, site_name: str, can_see: bool) -> Table:
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
            for row in room.recordings.newest_first()[:RECENT]
        ],
        all_url=f"{_address('recording_changelist', site_name)}?room__id__exact={room.pk}",
    )


def _snapshots(room: Room, site_name: str, can_see: bool) -> Table:
    return Table(
        title=_("Recent snapshots"),
        heads=(_("Created"), _("State"), _("Picture")),
        rows=[
            (
                _address("snapshot_change", site_name, row.pk),
                (
                    shown_time(row.created_at),
                    shown_badge(row.storing_state, row.state_label),
                    shown_thumbnail(row) if can_see else NOTHING,
                ),
            )
            for row in room.snapshots.newest_first()[:RECENT]
        ],
        all_url=f"{_address('snapshot_changelist', site_name)}?room__id__exact={room.pk}",
    )


def _broadcasts(room: Room, site_name: str, can_see: bool) -> Table:
    rows = Broadcast.objects.shown().filter(meeting__room=room).select_related("target")
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


def _files(room: Room, site_name: str, can_see: bool) -> Table:
    return Table(
        title=_("Recent files"),
        heads=(_("Name"), _("Created"), _("State"), _("File")),
        rows=[
            (
                _address("roomfile_change", site_name, row.pk),
                (
                    row.name or row.eyeson_id,
                    shown_time(row.created_at),
                    shown_badge(row.storing_state, row.state_label),
                    shown_download(row) if can_see else NOTHING,
                ),
            )
            for row in room.files.newest_first()[:RECENT]
        ],
        all_url=f"{_address('roomfile_changelist', site_name)}?room__id__exact={room.pk}",
    )


#: In the order of the page.
TABLES: dict[type[Model], Callable[[Room, str, bool], Table]] = {
    Meeting: _meetings,
    Recording: _recordings,
    Snapshot: _snapshots,
    RoomFile: _files,
    Broadcast: _broadcasts,
}


def _address(name: str, site_name: str, *args: object) -> str:
    return reverse(f"admin:eyeson_meetings_{name}", args=args, current_app=site_name)
