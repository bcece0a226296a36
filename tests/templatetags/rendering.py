"""Pages of a site that uses the tags, and what a browser would find in them."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from django.template import Context, Template
from django.test import RequestFactory

from eyeson_meetings.models import Recording, Room, Snapshot
from tests.factories import (
    MeetingFactory,
    ParticipantFactory,
    RecordingFactory,
    RoomFactory,
    RoomMemberFactory,
    SnapshotFactory,
    UserFactory,
)

#: Every tag with markup, as in the documentation.
PAGE = """
{% eyeson_join room %}
{% eyeson_status room %}
{% eyeson_talk room %}
{% eyeson_recordings room %}
{% eyeson_snapshots room %}
{% eyeson_iframe room %}
"""
#: Names that would run if a tag did not escape them.
PAYLOADS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "` onfocus=alert(1) autofocus=`",
    "</script><svg onload=alert(1)>",
    "{{ 7|add:7 }}{% debug %}",
    "</title><iframe src=javascript:alert(1)>",
    "&lt;b&gt;&#x3c;script&#x3e;",
    "javascript:alert(1)",
    "\u202egnp.exe<b>",
]


class Markup(HTMLParser):
    """The tags and attributes of a page, as a browser would find them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend(name for name, _ in attrs)


def render(source: str, user: Any, **values: Any) -> str:
    """`source` as a page of a signed-in user shows it."""
    request = RequestFactory().get("/")
    request.user = user
    return Template(f"{{% load eyeson %}}{source}").render(
        Context({"request": request, "user": user, **values})
    )


def member_of(room: Room, role: str = "member") -> Any:
    return RoomMemberFactory(room=room, user=UserFactory(), role=role).user


def stored(**values: Any) -> Recording:
    return RecordingFactory(
        store_state=Recording.StoreState.STORED, size_bytes=3, sha256="0" * 64, **values
    )


def stored_snapshot(**values: Any) -> Snapshot:
    return SnapshotFactory(
        store_state=Snapshot.StoreState.STORED, size_bytes=3, sha256="0" * 64, **values
    )


def busy_room(name: str = "Board") -> Room:
    """A room with a meeting that is recorded and on air, people in it, recordings and pictures."""
    room = RoomFactory(name=name, guest_access=Room.GuestAccess.LINK)
    over = MeetingFactory(room=room, ended=True)
    meeting = MeetingFactory(room=room, is_recorded=True, is_broadcast=True)
    ParticipantFactory.create_batch(2, room=room, online=True)
    stored(meeting=over)
    RecordingFactory(meeting=meeting, remote_state="recording", available_at=None, duration=None)
    stored_snapshot(meeting=meeting)
    return room
