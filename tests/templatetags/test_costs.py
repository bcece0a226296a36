"""The tags cost the same few queries, however much there is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from eyeson_meetings.models import Meeting, Participant, Recording, Room, RoomMember, Snapshot
from tests.factories import RoomFactory, UserFactory

from .rendering import PAGE, render

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

EVERYTHING = f"""{PAGE}
{{% eyeson_guest_url room %}}
{{% if room|eyeson_for:user|eyeson_can:"record" %}}may record{{% endif %}}
{{% for row in room.recent_recordings|slice:":2" %}}
    {{% if row|eyeson_for:user|eyeson_can:"watch" %}}may watch{{% endif %}}
{{% endfor %}}
"""


def fill(rooms: list[Room], user: Any, *, each: int) -> None:
    """Give every room its members, `user` first, a running meeting, and so many of everything else."""
    now = timezone.now()
    RoomMember.objects.bulk_create(RoomMember(room=room, user=user, role="host") for room in rooms)
    meetings = Meeting.objects.bulk_create(
        Meeting(room=room, started_at=now, ready_at=now) for room in rooms
    )
    numbered = [(meeting, number) for meeting in meetings for number in range(each)]
    Participant.objects.bulk_create(
        Participant(room=meeting.room, name=f"Guest {number}", online=True)
        for meeting, number in numbered
    )
    for model in (Recording, Snapshot):
        model.objects.bulk_create(
            model(
                room=meeting.room,
                meeting=meeting,
                account="default",
                eyeson_id=f"{meeting.pk}-{number}",
                created_at=now + timedelta(seconds=number),
                store_state="stored",
                size_bytes=3,
            )
            for meeting, number in numbered
        )


def test_a_list_of_a_thousand_rooms_takes_as_many_queries_as_one_of_ten() -> None:
    user = UserFactory()

    def queries(number: int) -> int:
        rooms = Room.objects.bulk_create(Room(name=f"Room {n}") for n in range(number))
        fill(rooms, user, each=1)
        with CaptureQueriesContext(connection) as captured:
            shown = list(Room.objects.for_display(user).filter(pk__in=[row.pk for row in rooms]))
            # Each further one is rendered as these are: from what has been fetched, without a query.
            for room in shown[:: max(1, number // 10)]:
                page = render(EVERYTHING, user, room=room)
        assert len(shown) == number
        assert "may record" in page
        assert "may watch" in page
        return len(captured)

    assert queries(1000) == queries(10)


def test_a_room_with_a_thousand_of_everything_costs_as_many_as_one_with_ten() -> None:
    user = UserFactory()

    def queries(number: int) -> list[int]:
        room = RoomFactory()
        fill([room], user, each=number)
        people = get_user_model().objects.bulk_create(
            get_user_model()(username=f"{number}-{n}") for n in range(number)
        )
        RoomMember.objects.bulk_create(RoomMember(room=room, user=person) for person in people)
        counts = []
        for rooms in (Room.objects.for_display(user), Room.objects):
            with CaptureQueriesContext(connection) as captured:
                page = render(EVERYTHING, user, room=rooms.get(pk=room.pk))
            assert f"{number} people are in" in page
            counts.append(len(captured))
        return counts

    assert queries(1000) == queries(10)
