"""Facts about people enter."""

from __future__ import annotations

from typing import Any

import pytest

from eyeson_meetings import mirror
from eyeson_meetings.client import records
from eyeson_meetings.models import Participant, Presence, PresenceFact
from tests.factories import ParticipantFactory, RoomFactory, UserFactory

from .saying import (
    MINUTE,
    NINE,
    ROOM_ID,
    SECOND,
    START,
    participant_update,
    recording_update,
    room_update,
    shutdown,
)

pytestmark = pytest.mark.django_db


def presences() -> list[tuple[Any, ...]]:
    """All presences as (from, to, quality)."""
    return list(Presence.objects.order_by("from_at").values_list("from_at", "to_at", "quality"))


def test_who_comes_is_online_and_who_goes_is_not() -> None:
    room_update()

    came = participant_update(at=NINE + 10 * SECOND)
    assert came is not None
    assert (came.online, Participant.objects.get().online) == (True, True)

    went = participant_update(at=NINE + 20 * SECOND, online=False)
    assert went is not None
    assert (went.online, Participant.objects.get().online) == (False, False)
    assert presences() == [(NINE + 10 * SECOND, NINE + 20 * SECOND, Presence.Quality.EXACT)]


def test_leaving_beats_joining_in_the_same_second_whichever_comes_first() -> None:
    room_update()
    for number, order in enumerate([(True, False), (False, True)]):
        for online in order:
            participant_update(id=f"person-{number}", at=NINE + 10 * SECOND, online=online)

    assert not Participant.objects.filter(online=True).exists()
    assert presences() == []


def test_the_end_of_the_meeting_sends_everybody_out() -> None:
    room_update()
    participant_update(at=NINE + 10 * SECOND)

    shutdown(at=NINE + MINUTE)

    assert not Participant.objects.get().online
    assert presences() == [(NINE + 10 * SECOND, NINE + MINUTE, Presence.Quality.CLOSED_BY_END)]


def test_who_is_said_to_have_gone_after_the_end_was_sent_out_by_it() -> None:
    room_update()
    participant_update(at=NINE + 10 * SECOND)
    shutdown(at=NINE + MINUTE)

    participant_update(at=NINE + 2 * MINUTE, online=False)

    assert presences() == [(NINE + 10 * SECOND, NINE + MINUTE, Presence.Quality.CLOSED_BY_END)]


def test_who_came_before_the_meeting_was_heard_of_is_in_it_once_it_is() -> None:
    participant_update(at=NINE + 10 * SECOND)
    assert not Participant.objects.get().online

    room_update()

    assert Participant.objects.get().online


def test_eyesons_list_of_users_tells_who_is_in_but_not_since_when() -> None:
    room_update()
    participant_update(at=NINE + 10 * SECOND)

    participant_update(at=NINE + 30 * SECOND, online=True, exact=False)
    participant_update(at=NINE + 40 * SECOND, online=False, exact=False)

    assert presences() == [(NINE + 10 * SECOND, NINE + 40 * SECOND, Presence.Quality.ESTIMATED)]


def test_the_event_corrects_what_the_list_had_told_roughly() -> None:
    room_update()
    participant_update(at=NINE + 30 * SECOND, online=True, exact=False)
    participant_update(at=NINE + 60 * SECOND, online=False, exact=False)

    participant_update(at=NINE + 10 * SECOND, online=True)
    participant_update(at=NINE + 50 * SECOND, online=False)

    assert presences() == [(NINE + 10 * SECOND, NINE + 50 * SECOND, Presence.Quality.EXACT)]


@pytest.mark.parametrize("order", [(True, False), (False, True)])
def test_an_event_and_a_list_of_the_same_second_are_an_event(order: tuple[bool, bool]) -> None:
    room_update()
    participant_update(at=NINE + 10 * SECOND)

    for exact in order:
        participant_update(at=NINE + 20 * SECOND, online=False, exact=exact)

    assert presences() == [(NINE + 10 * SECOND, NINE + 20 * SECOND, Presence.Quality.EXACT)]


def test_a_record_that_does_not_say_whether_somebody_is_online_is_no_presence_fact() -> None:
    room_update()
    participant_update(at=NINE + 10 * SECOND)

    participant_update(at=NINE + 20 * SECOND, online=..., name="Mira H.")

    assert PresenceFact.objects.count() == 1
    assert (Participant.objects.get().online, Participant.objects.get().name) == (True, "Mira H.")


@pytest.mark.parametrize("is_guest", [True, False])
def test_a_record_that_does_not_say_whether_somebody_is_a_guest_changes_nothing(
    is_guest: bool,
) -> None:
    participant_update(at=NINE, guest=is_guest)

    participant_update(at=NINE + MINUTE, guest=...)

    assert Participant.objects.get().guest is is_guest


def test_who_was_a_guest_once_stays_one() -> None:
    participant_update(at=NINE, guest=True)

    participant_update(at=NINE + MINUTE, guest=False)

    assert Participant.objects.get().guest


def test_the_latest_name_wins_and_no_name_changes_nothing() -> None:
    participant_update(at=NINE + MINUTE, name="Later", avatar="https://example.org/b.png")
    participant_update(at=NINE, name="Earlier")
    participant_update(at=NINE + 2 * MINUTE, name=None, avatar=None)

    participant = Participant.objects.get()
    assert (participant.name, participant.avatar) == ("Later", "https://example.org/b.png")


def test_somebody_without_a_room_is_nobody() -> None:
    assert participant_update(at=NINE, room_id=...) is None
    assert not Participant.objects.exists()


def test_a_caller_may_say_which_room_somebody_is_in() -> None:
    record = records.Participant(id="agent-204", online=True)

    participant = mirror.apply_participant(
        record, account="default", observed_at=NINE, room_eyeson_id=ROOM_ID
    )

    assert participant is not None
    assert participant.room.eyeson_id == ROOM_ID


def test_a_user_of_the_site_stays_that_user() -> None:
    known = ParticipantFactory(
        room=RoomFactory(eyeson_id=ROOM_ID), user=UserFactory(), eyeson_id="agent-204"
    )
    room_update()

    participant = participant_update(at=NINE + 10 * SECOND, guest=False)

    assert participant == known
    known.refresh_from_db()
    assert (known.online, known.name) == (True, "Mira Holt")


def test_a_guest_under_the_id_of_a_user_is_not_that_user() -> None:
    known = ParticipantFactory(
        room=RoomFactory(eyeson_id=ROOM_ID), user=UserFactory(), eyeson_id="agent-204", name="Ada"
    )
    room_update()

    assert participant_update(at=NINE + 10 * SECOND, guest=True, name="Impostor") is None

    known.refresh_from_db()
    assert (known.guest, known.online, known.name) == (False, False, "Ada")
    assert not PresenceFact.objects.exists()


def test_nobody_is_matched_to_a_user_of_the_site_by_name_or_id() -> None:
    user = UserFactory(username="agent-204", first_name="Mira", last_name="Holt")

    participant_update(at=NINE, id=str(user.pk))
    participant_update(at=NINE, id=user.username)

    assert not Participant.objects.filter(user__isnull=False).exists()


def test_the_sites_own_participant_is_never_online_and_never_a_guest() -> None:
    service = ParticipantFactory(
        room=RoomFactory(eyeson_id=ROOM_ID), is_service=True, eyeson_id="agent-204"
    )
    room_update()

    assert participant_update(at=NINE + 10 * SECOND, guest=False) == service
    assert participant_update(at=NINE + 10 * SECOND, guest=True) is None

    service.refresh_from_db()
    assert (service.online, service.guest) == (False, False)
    assert presences() == []


def test_a_recording_by_a_guest_under_the_id_of_a_user_was_not_made_by_that_user() -> None:
    ParticipantFactory(
        room=RoomFactory(eyeson_id=ROOM_ID), user=UserFactory(), eyeson_id="agent-204"
    )

    recording = recording_update(user={"id": "agent-204", "name": "Impostor", "guest": True})

    assert recording is not None
    assert recording.participant is None


def test_a_person_is_known_without_a_word_on_whether_they_are_online() -> None:
    room_update()
    room = RoomFactory(eyeson_id="another")

    person = mirror.apply_user(
        records.User(id="agent-204", name="Mira Holt", joined_at=START), room=room, observed_at=NINE
    )

    assert person == Participant.objects.get(room=room)
    assert (person.name, person.online, person.guest) == ("Mira Holt", False, False)
    assert not PresenceFact.objects.exists()
