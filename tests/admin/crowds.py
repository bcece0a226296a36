"""Many rows of every kind, for tests of what pages cost."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth import get_user_model

from eyeson_meetings.models import (
    Broadcast,
    BroadcastTarget,
    Delivery,
    Invitation,
    Meeting,
    Participant,
    Presence,
    Recording,
    Room,
    RoomFile,
    RoomMember,
    Snapshot,
    SyncRun,
)
from tests.factories import STARTED_AT as START


def fill(number: int) -> None:
    """`number` rows of each model, each in a room of its own."""
    User = get_user_model()  # noqa: N806 - a class
    users = User.objects.bulk_create(User(username=f"u{n}") for n in range(number))
    rooms = Room.objects.bulk_create(
        Room(name=f"Room {n}", guest_access=Room.GuestAccess.LINK) for n in range(number)
    )
    RoomMember.objects.bulk_create(
        RoomMember(room=room, user=user) for room, user in zip(rooms, users, strict=True)
    )
    Invitation.objects.bulk_create(Invitation(room=room, name="Guest") for room in rooms)
    meetings = Meeting.objects.bulk_create(
        Meeting(room=room, started_at=START, ready_at=START) for room in rooms
    )
    people = Participant.objects.bulk_create(
        Participant(room=room, name="Ada", user=user, online=True)
        for room, user in zip(rooms, users, strict=True)
    )
    Presence.objects.bulk_create(
        Presence(meeting=meeting, participant=person, from_at=START)
        for meeting, person in zip(meetings, people, strict=True)
    )
    fill_files(rooms, meetings)
    Delivery.objects.bulk_create(
        Delivery(account="default", digest=f"{n:064}", payload={"n": n}) for n in range(number)
    )
    SyncRun.objects.bulk_create(SyncRun(account="default", job=f"job {n}") for n in range(number))


def fill_files(rooms: list[Room], meetings: list[Meeting]) -> None:
    """A recording, a snapshot, a file and a broadcast in each meeting, each to a target of its own."""
    for model in (Recording, Snapshot, RoomFile):
        model.objects.bulk_create(
            model(
                account="default",
                eyeson_id=f"{model.__name__}{n}",
                room=room,
                meeting=meeting,
                created_at=START,
                available_at=START,
            )
            for n, (room, meeting) in enumerate(zip(rooms, meetings, strict=True))
        )
    targets = BroadcastTarget.objects.bulk_create(
        BroadcastTarget(name=f"Target {n}", address="rtmp://live.example.org/app")
        for n in range(len(meetings))
    )
    Broadcast.objects.bulk_create(
        Broadcast(meeting=meeting, eyeson_id=f"b{meeting.pk}", target=target, started_at=START)
        for meeting, target in zip(meetings, targets, strict=True)
    )


def crowd(room: Room, number: int) -> None:
    """`number` rows of each kind that hang on one room."""
    User = get_user_model()  # noqa: N806 - a class
    users = User.objects.bulk_create(User(username=f"crowd{n}") for n in range(number))
    RoomMember.objects.bulk_create(RoomMember(room=room, user=user) for user in users)
    Invitation.objects.bulk_create(Invitation(room=room, name=f"Guest {n}") for n in range(number))
    meetings = Meeting.objects.bulk_create(
        Meeting(room=room, started_at=START + timedelta(hours=n + 1), ready_at=START)
        for n in range(number)
    )
    people = Participant.objects.bulk_create(
        Participant(room=room, name=f"P {n}", online=True) for n in range(number)
    )
    newest, person = meetings[-1], people[0]
    Presence.objects.bulk_create(
        Presence(meeting=newest, participant=each, from_at=START) for each in people
    )
    Presence.objects.bulk_create(
        Presence(meeting=each, participant=person, from_at=START) for each in meetings[:-1]
    )
    target = BroadcastTarget.objects.create(name="Crowd", address="rtmp://live.example.org/app")
    Broadcast.objects.bulk_create(
        Broadcast(meeting=newest, eyeson_id=f"crowd{n}", target=target, started_at=START)
        for n in range(number)
    )
    for model in (Recording, Snapshot, RoomFile):
        model.objects.bulk_create(
            model(
                account="default",
                eyeson_id=f"crowd {model.__name__}{n}",
                room=room,
                meeting=newest,
                created_at=START,
                available_at=START,
            )
            for n in range(number)
        )


def clear() -> None:
    """Delete what `fill` and `crowd` made, leaves first."""
    for model in (
        Presence,
        Recording,
        Snapshot,
        RoomFile,
        Broadcast,
        BroadcastTarget,
        Meeting,
        Participant,
        Room,
        Delivery,
        SyncRun,
    ):
        model.objects.all().delete()
    get_user_model().objects.filter(is_staff=False).delete()
