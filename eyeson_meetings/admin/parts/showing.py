"""How values look in admin: lengths, sizes, times, JSON. All text that people typed is escaped."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import DateTimeField, Model
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from eyeson_meetings.client.links import web_page
from eyeson_meetings.models import StoredFile
from eyeson_meetings.models.moments import shown_moment

if TYPE_CHECKING:
    from eyeson_meetings.models import Meeting, RoomFile, Snapshot

#: Shown for "nothing", as Django's own admin does.
NOTHING = "-"


def shown_duration(seconds: int | None) -> str:
    """0:07, 12:34 or 1:02:03."""
    if seconds is None:
        return NOTHING
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def shown_time(moment: datetime | None, *, with_seconds: bool = False) -> str:
    """Date and time, written as in the names of meetings."""
    return NOTHING if moment is None else shown_moment(moment, with_seconds=with_seconds)


@functools.cache
def moment_column(model: type[Model], name: str, *, with_seconds: bool) -> Callable[..., str]:
    """Return what shows the time field `name` as all other times of the page are written.

    Django writes a time that nobody can edit in a longer format than the names of rows have.
    """
    field: Any = model._meta.get_field(name)

    @admin.display(description=field.verbose_name, ordering=name)
    def show(row: Model) -> str:
        return shown_time(getattr(row, name), with_seconds=with_seconds)

    # Pages and lists take it for the name of the column.
    show.__name__ = name
    return show


def with_moments(model: type[Model], *names: str, with_seconds: bool = False) -> tuple[Any, ...]:
    """Return `names` of fields and methods for a page or list, those of time fields as `moment_column`."""
    times = {field.name for field in model._meta.fields if isinstance(field, DateTimeField)}
    return tuple(
        moment_column(model, name, with_seconds=with_seconds) if name in times else name
        for name in names
    )


def shown_end(meeting: Meeting) -> str:
    """When the meeting ended, and whether that is estimated."""
    if not meeting.is_end_estimated:
        return shown_time(meeting.ended_at)
    return _("%(time)s (estimated)") % {"time": shown_time(meeting.ended_at)}


def shown_link(row: Model, text: str, site_name: str) -> SafeString:
    """`text`, leading to the row's own page in the admin site of that name."""
    options = row._meta
    address = reverse(
        f"admin:{options.app_label}_{options.model_name}_change",
        args=[row.pk],
        current_app=site_name,
    )
    return format_html('<a href="{}">{}</a>', address, text)


def shown_web_link(address: str) -> SafeString | str:
    """Return a link for an address of a web page, and text for every other value that was typed."""
    page = web_page(address)
    if not page:
        return address or NOTHING
    return format_html(
        '<a href="{}" target="_blank" rel="noopener noreferrer nofollow">{}</a>', page, page
    )


def shown_download(row: RoomFile) -> SafeString | str:
    """A link to the site's own copy of a file, if there is one."""
    if not row.is_stored:
        return NOTHING
    return format_html(
        '<a href="{}" download>{}</a>', reverse("eyeson:room-file", args=[row.uuid]), _("Download")
    )


def shown_thumbnail(snapshot: Snapshot) -> SafeString | str:
    """The site's own copy of a picture, small, leading to the whole of it, if there is one."""
    if not snapshot.is_stored:
        return NOTHING
    return format_html(
        '<a href="{}"><img class="eyeson-thumbnail" src="{}" alt="{}" loading="lazy"></a>',
        reverse("eyeson:snapshot-file", args=[snapshot.uuid]),
        reverse("eyeson:snapshot-thumbnail", args=[snapshot.uuid]),
        _("Picture of the meeting"),
    )


def shown_badge(kind: str, label: str) -> SafeString:
    """A state as a word on a colour; `kind` picks the colour."""
    return format_html('<span class="eyeson-badge eyeson-badge-{}">{}</span>', kind, label)


def shown_meeting_state(meeting: Meeting) -> SafeString:
    """Show how far a meeting is, and whether it is recorded and on air."""
    badge = shown_badge(meeting.state.value, str(meeting.state.label))
    return format_html("{} {}", badge, shown_activity(meeting))


def shown_activity(meeting: Meeting) -> SafeString:
    """Show badges for what people in the meeting must know: it is recorded, it is on air."""
    facts = [(meeting.is_recorded, _("being recorded")), (meeting.is_broadcast, _("on air"))]
    badges = ((shown_badge("recording", words),) for is_so, words in facts if is_so)
    return format_html_join(" ", "{}", badges)


def shown_json(value: Any) -> SafeString:
    """JSON as people read it."""
    if value is None:
        return format_html("{}", NOTHING)
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return format_html('<pre class="eyeson-json">{}</pre>', text)


def shown_progress(row: StoredFile) -> SafeString | str:
    """How much of a file has come home; no bar for one that does not go on."""
    if row.is_stored:
        return filesizeformat(row.size_bytes or 0)
    if not row.bytes_received:
        return NOTHING
    received = filesizeformat(row.bytes_received)
    percent = row.progress_percent
    if percent is None or row.is_failing:
        return received
    return format_html(
        '<progress class="eyeson-progress" max="100" value="{}" aria-label="{}"></progress> {}',
        percent,
        _("downloaded"),
        _("%(received)s of %(total)s (%(percent)d %%)")
        % {"received": received, "total": filesizeformat(row.bytes_total or 0), "percent": percent},
    )


def shown_link_to_copy(link: str) -> SafeString:
    """A link in a field to select, with a button that copies it where the browser can."""
    return format_html(
        '<span class="eyeson-copy"><input type="text" readonly value="{}" aria-label="{}">'
        '<button type="button" class="eyeson-button" data-eyeson-copy="{}" data-eyeson-copied="{}">'
        "{}</button></span>",
        link,
        _("Guest link"),
        link,
        _("Copied"),
        _("Copy"),
    )
