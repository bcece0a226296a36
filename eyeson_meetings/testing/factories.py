"""Rows for tests, one factory a model. The values are plain; say what matters in the test.

Times grow with each row that a factory makes; `start_over` begins again, so that they stay in the past.
"""

from __future__ import annotations

import functools
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import factory
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from factory.django import DjangoModelFactory

from eyeson_meetings import crypto, models

#: When the meetings of the factories start.
STARTED_AT = datetime(2026, 3, 2, 9, 0, 0, 250_000, tzinfo=UTC)


@functools.cache
def _hashed(password: str) -> str:
    # Once for all users: a hash is made to take its time.
    return make_password(password)


class UserFactory(DjangoModelFactory[Any]):
    """A user of the site with a name and a usable password, "password"."""

    class Meta:
        model = get_user_model()
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    first_name = factory.Sequence(lambda n: f"Ada{n}")
    last_name = "Byron"
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.org")
    password = factory.Transformer("password", transform=_hashed)


class RoomFactory(DjangoModelFactory[models.Room]):
    """A room of the site's own."""

    class Meta:
        model = models.Room

    name = factory.Sequence(lambda n: f"Room {n}")


class RoomMemberFactory(DjangoModelFactory[models.RoomMember]):
    """A user whom the site lets into a room."""

    class Meta:
        model = models.RoomMember

    room = factory.SubFactory(RoomFactory)
    user = factory.SubFactory(UserFactory)


class InvitationFactory(DjangoModelFactory[models.Invitation]):
    """A personal guest link that holds."""

    class Meta:
        model = models.Invitation

    room = factory.SubFactory(RoomFactory, guest_access=models.Room.GuestAccess.INVITED)
    name = factory.Sequence(lambda n: f"Guest {n}")


class MeetingFactory(DjangoModelFactory[models.Meeting]):
    """A meeting in progress. `opening=True`: not ready yet; `ended=True`: over after an hour."""

    class Meta:
        model = models.Meeting

    class Params:
        opening = factory.Trait(ready_at=None)
        ended = factory.Trait(
            gone_at=factory.LazyAttribute(lambda meeting: meeting.ended_at),
            gone_last_at=factory.LazyAttribute(lambda meeting: meeting.ended_at),
            ended_at=factory.LazyAttribute(lambda meeting: meeting.started_at + timedelta(hours=1)),
        )

    room = factory.SubFactory(RoomFactory)
    started_at = factory.Sequence(lambda n: STARTED_AT + timedelta(days=n))
    ready_at = factory.LazyAttribute(lambda meeting: meeting.started_at + timedelta(seconds=1))


class RoomShutdownFactory(DjangoModelFactory[models.RoomShutdown]):
    """A shutdown of a room."""

    class Meta:
        model = models.RoomShutdown

    room = factory.SubFactory(RoomFactory)
    at = factory.Sequence(lambda n: STARTED_AT.replace(microsecond=0) + timedelta(days=n, hours=1))


class ParticipantFactory(DjangoModelFactory[models.Participant]):
    """Somebody whom eyeson knows in a room; nobody of the site unless `user` is given."""

    class Meta:
        model = models.Participant

    room = factory.SubFactory(RoomFactory)
    name = factory.Sequence(lambda n: f"Participant {n}")


class PermalinkFactory(DjangoModelFactory[models.Permalink]):
    """What makes a room a permalink room. It works, and never expires."""

    class Meta:
        model = models.Permalink

    room = factory.SubFactory(RoomFactory)


class PermalinkHostFactory(DjangoModelFactory[models.PermalinkHost]):
    """A user who may start meetings in a permalink room; `user_token` is the text of the token."""

    class Meta:
        model = models.PermalinkHost

    class Params:
        user_token = factory.Sequence(lambda n: f"user-token-{n}")

    permalink = factory.SubFactory(PermalinkFactory)
    participant = factory.SubFactory(
        ParticipantFactory,
        room=factory.SelfAttribute("..permalink.room"),
        user=factory.SubFactory(UserFactory),
    )
    name = factory.SelfAttribute("participant.name")
    user_token_encrypted = factory.LazyAttribute(lambda row: crypto.encrypt(row.user_token))


class AccessKeyFactory(DjangoModelFactory[models.AccessKey]):
    """A participant's key to a meeting of their room; `key` is its text."""

    class Meta:
        model = models.AccessKey

    class Params:
        key = factory.Sequence(lambda n: f"access-key-{n}")

    meeting = factory.SubFactory(MeetingFactory)
    participant = factory.SubFactory(
        ParticipantFactory, room=factory.SelfAttribute("..meeting.room")
    )
    key_encrypted = factory.LazyAttribute(lambda row: crypto.encrypt(row.key))


class PresenceFactFactory(DjangoModelFactory[models.PresenceFact]):
    """Somebody came online."""

    class Meta:
        model = models.PresenceFact

    participant = factory.SubFactory(ParticipantFactory)
    at = factory.Sequence(lambda n: STARTED_AT + timedelta(minutes=n))
    came = True


class PresenceFactory(DjangoModelFactory[models.Presence]):
    """Somebody is online in a meeting since ten seconds after its start."""

    class Meta:
        model = models.Presence

    meeting = factory.SubFactory(MeetingFactory)
    participant = factory.SubFactory(
        ParticipantFactory, room=factory.SelfAttribute("..meeting.room"), online=True
    )
    from_at = factory.LazyAttribute(
        lambda presence: presence.meeting.started_at + timedelta(seconds=10)
    )


class RecordingFactory(DjangoModelFactory[models.Recording]):
    """A recording that eyeson has and the site has not fetched yet."""

    class Meta:
        model = models.Recording

    meeting = factory.SubFactory(MeetingFactory)
    room = factory.SelfAttribute("meeting.room")
    account = factory.SelfAttribute("room.account")
    eyeson_id = factory.Sequence(lambda n: f"{n:024x}")
    meeting_started_at = factory.SelfAttribute("meeting.started_at", default=None)
    created_at = factory.LazyAttribute(
        lambda row: row.meeting.started_at.replace(microsecond=0) + timedelta(minutes=1)
    )
    available_at = factory.LazyAttribute(lambda row: row.created_at + timedelta(minutes=30))
    remote_state = models.Recording.RemoteState.AVAILABLE
    duration = 60


class SnapshotFactory(DjangoModelFactory[models.Snapshot]):
    """A snapshot that eyeson has and the site has not fetched yet."""

    class Meta:
        model = models.Snapshot

    meeting = factory.SubFactory(MeetingFactory)
    room = factory.SelfAttribute("meeting.room")
    account = factory.SelfAttribute("room.account")
    eyeson_id = factory.Sequence(lambda n: f"{n:024x}")
    meeting_started_at = factory.SelfAttribute("meeting.started_at", default=None)
    created_at = factory.LazyAttribute(lambda row: row.meeting.started_at + timedelta(minutes=1))
    available_at = factory.LazyAttribute(lambda row: row.created_at + timedelta(seconds=2))
    name = factory.LazyAttribute(lambda row: str(int(row.created_at.timestamp())))


class RoomFileFactory(DjangoModelFactory[models.RoomFile]):
    """A file in a running meeting that eyeson has and the site has not fetched yet."""

    class Meta:
        model = models.RoomFile

    meeting = factory.SubFactory(MeetingFactory)
    room = factory.SelfAttribute("meeting.room")
    account = factory.SelfAttribute("room.account")
    eyeson_id = factory.Sequence(lambda n: f"{n:024x}")
    meeting_started_at = factory.SelfAttribute("meeting.started_at")
    created_at = factory.LazyAttribute(lambda row: row.meeting.started_at + timedelta(minutes=1))
    available_at = factory.LazyAttribute(lambda row: row.created_at + timedelta(seconds=5))
    name = factory.Sequence(lambda n: f"agenda-{n}.pdf")
    content_type = "application/pdf"


class DeliveryFactory(DjangoModelFactory[models.Delivery]):
    """A webhook POST that has been received and not been processed."""

    class Meta:
        model = models.Delivery

    account = "default"
    digest = factory.Sequence(lambda n: hashlib.sha256(str(n).encode()).hexdigest())
    type = "room_update"
    sent_at = factory.Sequence(lambda n: STARTED_AT.replace(microsecond=0) + timedelta(days=n))
    received_at = factory.SelfAttribute("sent_at")
    room_eyeson_id = factory.Sequence(lambda n: f"room-{n}")
    payload = factory.LazyAttribute(
        lambda delivery: {
            "timestamp": int(delivery.sent_at.timestamp()),
            "type": "room_update",
            "room": {
                "id": delivery.room_eyeson_id,
                "name": "Room",
                "ready": False,
                "started_at": None,
                "shutdown": True,
            },
        }
    )


class SyncRunFactory(DjangoModelFactory[models.SyncRun]):
    """A job of an account that has never run."""

    class Meta:
        model = models.SyncRun

    account = "default"
    job = factory.Sequence(lambda n: f"job-{n}")


class BroadcastTargetFactory(DjangoModelFactory[models.BroadcastTarget]):
    """A place to stream to; `stream_key` is the text of its key."""

    class Meta:
        model = models.BroadcastTarget

    class Params:
        stream_key = factory.Sequence(lambda n: f"stream-key-{n}")

    name = factory.Sequence(lambda n: f"Channel {n}")
    address = "rtmp://live.example.org/app"
    stream_key_encrypted = factory.LazyAttribute(lambda row: crypto.encrypt(row.stream_key))
    player_url = factory.Sequence(lambda n: f"https://tv.example.org/{n}")


class BroadcastFactory(DjangoModelFactory[models.Broadcast]):
    """A broadcast that runs. `stopped=True`: it ran for ten minutes."""

    class Meta:
        model = models.Broadcast

    class Params:
        stopped = factory.Trait(
            stop_told_at=factory.LazyAttribute(lambda row: row.stopped_at),
            stopped_at=factory.LazyAttribute(lambda row: row.started_at + timedelta(minutes=10)),
        )

    meeting = factory.SubFactory(MeetingFactory)
    eyeson_id = factory.Sequence(lambda n: f"{n:024x}")
    platform = "generic"
    first_seen_at = factory.LazyAttribute(
        lambda row: row.meeting.started_at.replace(microsecond=0) + timedelta(minutes=1)
    )
    last_seen_at = factory.SelfAttribute("first_seen_at")
    started_at = factory.SelfAttribute("first_seen_at")


def start_over() -> None:
    """Let each factory's next row be its first."""
    for made in list(globals().values()):
        if isinstance(made, type) and issubclass(made, DjangoModelFactory) and made._meta.model:
            made.reset_sequence(0)
