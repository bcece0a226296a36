"""Rooms are made, people are let in, meetings are ended; eyeson is asked first."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, connection
from django.utils import timezone

from eyeson_meetings import mirror
from eyeson_meetings.client import Secret, records
from eyeson_meetings.exceptions import (
    ConfigurationError,
    EyesonError,
    InvalidRequestError,
    KeyLockedError,
    KeyRefusedError,
    LinkRefusedError,
    NetworkError,
    NotAllowedError,
    RoomClosedError,
    UnavailableError,
    UnexpectedAnswerError,
    UnknownAccountError,
)
from eyeson_meetings.models import AccessKey, Meeting, Participant, Room
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.rooms import (
    JoinedRoom,
    change_room,
    close_room,
    create_room,
    end_meeting,
    join_room,
    reopen_room,
)
from tests.factories import MeetingFactory, RoomFactory, UserFactory

from .meetings import (
    CLOSED_PORT,
    OddEyeson,
    answer_for,
    calls_of,
    end_in_sandbox,
    in_sandbox,
    join_elsewhere,
    meanwhile,
    owner_of,
    rows,
    start_meeting,
    use_account,
)
from .policies import InterruptingPolicy

pytestmark = pytest.mark.django_db

# Rooms


def test_a_new_room_is_a_row_and_eyeson_hears_nothing(sandbox_account: SandboxServer) -> None:
    host = UserFactory()

    room = create_room(
        name="Consulting",
        host=host,
        guest_access=Room.GuestAccess.LINK,
        options={"widescreen": True},
        metadata={"appointment": 7},
    )

    room.refresh_from_db()
    assert (room.name, room.account, room.adopted) == ("Consulting", "default", False)
    assert room.guest_access == Room.GuestAccess.LINK
    assert (room.options, room.metadata) == ({"widescreen": True}, {"appointment": 7})
    assert [(member.user, member.role) for member in room.members.all()] == [(host, "host")]
    assert sandbox_account.calls == []


def test_a_room_that_eyeson_told_of_becomes_the_sites_own() -> None:
    adopted = RoomFactory(eyeson_id="desk-17", name="Heard of", adopted=True)
    meeting = MeetingFactory(room=adopted)

    room = create_room(name="Support desk", eyeson_id="desk-17")

    assert room.pk == adopted.pk
    assert (room.name, room.adopted) == ("Support desk", False)
    assert list(room.meetings.all()) == [meeting]


def test_a_second_room_of_one_eyeson_id_is_refused() -> None:
    create_room(name="Support desk", eyeson_id="desk-17")

    with pytest.raises(IntegrityError):
        create_room(name="Another desk", eyeson_id="desk-17")


def test_a_room_needs_an_account_that_settings_name() -> None:
    with pytest.raises(UnknownAccountError):
        create_room(name="Consulting", account="elsewhere")

    assert not Room.objects.exists()


def test_a_room_that_is_closed_twice_was_closed_the_first_time() -> None:
    room = RoomFactory()

    first = close_room(room=room).closed_at
    second = close_room(room=room).closed_at

    assert first is not None
    assert second == first


def test_a_room_that_is_reopened_takes_joins_again(sandbox_account: SandboxServer) -> None:
    room = close_room(room=RoomFactory())

    reopen_room(room=room)

    assert join_room(room=room, user=UserFactory()).meeting is not None


# Joining


def test_the_first_to_join_starts_the_meeting(sandbox_account: SandboxServer) -> None:
    room = RoomFactory(name="Consulting", options={"widescreen": True})
    user = UserFactory(first_name="Ada", last_name="Byron")

    joined = join_room(room=room, user=user)

    there = in_sandbox(sandbox_account, room)
    assert (there.name, there.options["widescreen"]) == ("Consulting", True)
    assert [person.name for person in there.people.values()] == ["Ada Byron"]
    assert joined.meeting == room.meetings.get()
    assert joined.meeting.started_at.timestamp() == pytest.approx(there.started_at)
    assert joined.participant == Participant.objects.get(room=room, user=user)
    assert owner_of(sandbox_account, joined) == joined.participant.eyeson_id
    assert calls_of(sandbox_account) == ["POST /rooms"]


def test_the_way_in_shows_in_no_repr(sandbox_account: SandboxServer) -> None:
    joined = join_room(room=RoomFactory(), user=UserFactory())

    assert isinstance(joined.url, Secret)
    assert "?" not in repr(joined)
    assert AccessKey.objects.get().key not in repr(joined)


def test_a_user_is_the_same_participant_each_time(sandbox_account: SandboxServer) -> None:
    room, user = RoomFactory(), UserFactory()

    first, second = join_room(room=room, user=user), join_room(room=room, user=user)

    assert first.participant == second.participant
    assert first.meeting == second.meeting
    assert first.url != second.url
    assert list(in_sandbox(sandbox_account, room).people) == [first.participant.eyeson_id]
    # The newest key is the one that is kept.
    assert second.url.reveal().endswith(AccessKey.objects.get().key)


def test_an_id_at_eyeson_tells_nothing_of_the_user(sandbox_account: SandboxServer) -> None:
    user = UserFactory()

    ids = {join_room(room=RoomFactory(), user=user).participant.eyeson_id for _ in range(2)}

    assert len(ids) == 2
    assert all(len(eyeson_id) == 36 and user.username not in eyeson_id for eyeson_id in ids)


def test_two_users_meet_in_one_meeting(sandbox_account: SandboxServer) -> None:
    room = RoomFactory()

    ada = join_room(room=room, user=UserFactory())
    bob = join_room(room=room, user=UserFactory())

    assert ada.meeting == bob.meeting
    assert ada.participant != bob.participant
    assert owner_of(sandbox_account, bob) == bob.participant.eyeson_id
    assert AccessKey.objects.count() == 2


def test_the_next_meeting_of_a_room_is_another_one(sandbox_account: SandboxServer) -> None:
    first, user = start_meeting(sandbox_account)
    end_in_sandbox(sandbox_account, first)

    second, _ = start_meeting(sandbox_account, room=first.room, user=user)

    first.refresh_from_db()
    assert second != first
    assert second.started_at > first.started_at
    assert (first.end_found_at, second.ended_at) == (second.started_at, None)
    assert Participant.objects.get().user == user
    assert AccessKey.objects.get().meeting == second


def test_nobody_joins_a_closed_room_and_eyeson_is_not_asked(sandbox_account: SandboxServer) -> None:
    room = RoomFactory()
    as_it_was = Room.objects.get(pk=room.pk)
    close_room(room=room)

    with pytest.raises(RoomClosedError):
        join_room(room=as_it_was, user=UserFactory())

    assert sandbox_account.calls == []
    assert rows() == {"meetings": 0, "participants": 0}


def test_nobody_joins_as_nobody(sandbox_account: SandboxServer) -> None:
    with pytest.raises(NotAllowedError):
        join_room(room=RoomFactory(), user=AnonymousUser())

    assert sandbox_account.calls == []


def test_with_eyeson_down_our_rows_are_unchanged(settings: Any) -> None:
    room = RoomFactory()
    use_account(settings, BASE_URL=CLOSED_PORT)

    with pytest.raises(NetworkError):
        join_room(room=room, user=UserFactory())

    assert rows() == {"meetings": 0, "participants": 0}


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_api_key_changes_nothing(
    settings: Any, sandbox_account: SandboxServer, status: int
) -> None:
    sandbox_account.knobs.turn(bad_api_key_status=status)
    use_account(settings, API_KEY="not-the-key")

    with pytest.raises(KeyRefusedError) as caught:
        join_room(room=RoomFactory(), user=UserFactory())

    assert caught.value.status == status
    assert "not-the-key" not in str(caught.value)
    assert rows() == {"meetings": 0, "participants": 0}


def test_a_locked_api_key_changes_nothing(sandbox_account: SandboxServer) -> None:
    sandbox_account.knobs.turn(api_key_locked=True)

    with pytest.raises(KeyLockedError):
        join_room(room=RoomFactory(), user=UserFactory())

    assert rows() == {"meetings": 0, "participants": 0}


def test_the_26th_meeting_at_once_is_refused_and_the_25th_goes_on(
    sandbox_account: SandboxServer, settings: Any
) -> None:
    settings.EYESON = {**settings.EYESON, "ENTRY_LIMITS": {"person": None}}
    user, rooms = UserFactory(), RoomFactory.create_batch(25)
    for room in rooms:
        join_room(room=room, user=user)
    before = rows()

    with pytest.raises(KeyLockedError):
        join_room(room=RoomFactory(), user=user)

    assert rows() == before == {"meetings": 25, "participants": 25}
    assert join_room(room=rooms[-1], user=UserFactory()).meeting == rooms[-1].meetings.get()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "status", "status": 500}, UnavailableError),
        ({"kind": "status", "status": 503}, UnavailableError),
        ({"kind": "status", "status": 400}, InvalidRequestError),
        ({"kind": "garbage"}, UnexpectedAnswerError),
        ({"kind": "cut"}, NetworkError),
    ],
    ids=["500", "503", "400", "no JSON", "broken off"],
)
def test_a_refusal_changes_nothing_and_the_next_try_works(
    sandbox_account: SandboxServer, fault: dict[str, Any], error: type[EyesonError]
) -> None:
    room, user = RoomFactory(), UserFactory()
    sandbox_account.service.faults.add(method="POST", route="/rooms", **fault)

    with pytest.raises(error):
        join_room(room=room, user=user)

    assert rows() == {"meetings": 0, "participants": 0}
    assert join_room(room=room, user=user).meeting is not None


def test_a_failed_join_leaves_a_known_participant_alone(
    settings: Any, sandbox_account: SandboxServer
) -> None:
    meeting, user = start_meeting(sandbox_account)
    before = AccessKey.objects.get().key
    url = settings.EYESON["ACCOUNTS"]["default"]["BASE_URL"]

    use_account(settings, BASE_URL=CLOSED_PORT)
    with pytest.raises(NetworkError):
        join_room(room=meeting.room, user=user)
    use_account(settings, BASE_URL=url)

    assert rows() == {"meetings": 1, "participants": 1}
    assert AccessKey.objects.get().key == before


def test_an_account_without_a_key_lets_nobody_in(settings: Any) -> None:
    use_account(settings, API_KEY="")

    with pytest.raises(ConfigurationError):
        join_room(room=RoomFactory(), user=UserFactory())

    assert rows() == {"meetings": 0, "participants": 0}


def test_a_way_in_that_leads_elsewhere_is_not_followed(
    settings: Any, sandbox_account: SandboxServer
) -> None:
    room = RoomFactory()
    with SandboxServer(public_url="https://elsewhere.example.org") as sandbox:
        use_account(settings, BASE_URL=f"http://127.0.0.1:{sandbox.port}")

        with pytest.raises(LinkRefusedError) as caught:
            join_room(room=room, user=UserFactory())

        # The meeting has started all the same, and is mirrored.
        meeting = room.meetings.get()
        assert meeting.ended_at is None
        assert "elsewhere" not in str(caught.value)


def test_a_way_in_to_a_host_that_settings_name_is_followed(
    settings: Any, sandbox_account: SandboxServer
) -> None:
    settings.EYESON = {**settings.EYESON, "MEETING_HOSTS": ["meet.example.org"]}
    with SandboxServer(public_url="https://meet.example.org") as sandbox:
        use_account(settings, BASE_URL=f"http://127.0.0.1:{sandbox.port}")

        joined = join_room(room=RoomFactory(), user=UserFactory())

    assert joined.url.reveal().startswith("https://meet.example.org/?")


def test_odd_characters_of_a_way_in_are_quoted(
    settings: Any, sandbox_account: SandboxServer
) -> None:
    link = "https://app.eyeson.team/ü?a b@c"
    with OddEyeson(lambda sent: answer_for(sent, links={"gui": link})) as eyeson:
        use_account(settings, BASE_URL=eyeson.url)

        joined = join_room(room=RoomFactory(), user=UserFactory())

    assert joined.url.reveal() == "https://app.eyeson.team/%C3%BC?a%20b%40c"


def test_an_answer_without_a_way_in_is_an_error(settings: Any) -> None:
    with OddEyeson(lambda sent: answer_for(sent, links={})) as eyeson:
        use_account(settings, BASE_URL=eyeson.url)

        with pytest.raises(UnexpectedAnswerError, match="links.gui"):
            join_room(room=RoomFactory(), user=UserFactory())


def test_an_answer_about_another_room_changes_nothing(settings: Any) -> None:
    with OddEyeson(lambda sent: answer_for(sent, room={"id": "another"})) as eyeson:
        use_account(settings, BASE_URL=eyeson.url)

        with pytest.raises(UnexpectedAnswerError, match="another room"):
            join_room(room=RoomFactory(), user=UserFactory())

    assert rows() == {"meetings": 0, "participants": 0}
    assert Room.objects.count() == 1


def test_an_answer_of_2017_lets_in_without_naming_a_meeting(settings: Any) -> None:
    with OddEyeson(lambda sent: answer_for(sent, room={"id": sent["id"]})) as eyeson:
        use_account(settings, BASE_URL=eyeson.url)

        joined = join_room(room=RoomFactory(), user=UserFactory())

    assert joined.meeting is None
    assert joined.url.reveal() == "http://127.0.0.1:9/?key-1"
    assert not AccessKey.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_user_whom_sync_finds_before_the_answer_comes_is_known_already(settings: Any) -> None:
    room, user = RoomFactory(), UserFactory()

    def found_meanwhile(sent: dict[str, str]) -> dict[str, Any]:
        record = records.Participant(id=sent["user[id]"], room_id=room.eyeson_id, name="Ada")
        mirror.apply_participant(record, account=room.account, observed_at=timezone.now())
        assert Participant.objects.people().get().user == user
        connection.close()
        return answer_for(sent)

    with OddEyeson(found_meanwhile) as eyeson:
        use_account(settings, BASE_URL=eyeson.url)

        joined = join_room(room=room, user=user)

    participant = Participant.objects.get()
    assert participant == joined.participant
    assert participant.user == user


@pytest.mark.django_db(transaction=True)
def test_two_first_joins_of_one_user_at_once_end_with_one_participant(
    settings: Any, sandbox_account: SandboxServer
) -> None:
    room, user = RoomFactory(), UserFactory()
    barrier, waited = threading.Barrier(2), threading.local()

    def wait_for_the_other(room: Room) -> None:
        # Both know of no participant by now. The second call of the slower one waits for nobody.
        if not hasattr(waited, "once"):
            waited.once = True
            barrier.wait(60)

    InterruptingPolicy.interruption = wait_for_the_other
    settings.EYESON = {
        **settings.EYESON,
        "POLICY": f"{InterruptingPolicy.__module__}.InterruptingPolicy",
    }
    joined: list[JoinedRoom] = []

    def join() -> None:
        with contextlib.closing(connection):
            joined.append(join_room(room=room, user=user))

    threads = [threading.Thread(target=join) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert len(joined) == 2
    participant = Participant.objects.get()
    assert participant.user == user
    assert {owner_of(sandbox_account, each) for each in joined} == {participant.eyeson_id}
    assert AccessKey.objects.get().participant == participant


# Ending


def test_a_meeting_that_is_ended_is_over_here_and_at_eyeson(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)

    ended = end_meeting(meeting=meeting, user=user)

    assert ended == meeting
    assert ended.ended_at is not None
    assert Meeting.objects.get().ended_at == ended.ended_at
    assert in_sandbox(sandbox_account, meeting).ended_at is not None
    assert not AccessKey.objects.exists()


def test_a_meeting_that_is_ended_twice_has_ended_once(sandbox_account: SandboxServer) -> None:
    meeting, _ = start_meeting(sandbox_account)
    first = end_meeting(meeting=meeting)
    before = calls_of(sandbox_account)

    second = end_meeting(meeting=meeting)

    assert second.ended_at == first.ended_at
    assert calls_of(sandbox_account) == before


def test_ending_a_meeting_never_ends_the_next_one(sandbox_account: SandboxServer) -> None:
    meeting, _ = start_meeting(sandbox_account)
    end_in_sandbox(sandbox_account, meeting)
    join_elsewhere(sandbox_account, meeting.room)

    ended = end_meeting(meeting=meeting)

    assert ended.ended_at is not None
    assert in_sandbox(sandbox_account, meeting).ended_at is None
    assert "DELETE /rooms/{access_key}" not in calls_of(sandbox_account)
    # The next one is known now.
    assert meeting.room.meetings.get(ended_at=None).started_at > meeting.started_at


def test_a_meeting_that_eyeson_does_not_list_has_ended(sandbox_account: SandboxServer) -> None:
    meeting, _ = start_meeting(sandbox_account)
    end_in_sandbox(sandbox_account, meeting)

    assert end_meeting(meeting=meeting).ended_at is not None
    assert "DELETE /rooms/{access_key}" not in calls_of(sandbox_account)


def test_a_meeting_that_somebody_else_ends_at_once_has_ended(
    sandbox_account: SandboxServer,
) -> None:
    meeting, _ = start_meeting(sandbox_account)

    def somebody_ends_it() -> None:
        with sandbox_account.state.locked():
            sandbox_account.state.end(in_sandbox(sandbox_account, meeting))

    with meanwhile(sandbox_account, "DELETE", "/rooms/{access_key}", somebody_ends_it):
        assert end_meeting(meeting=meeting).ended_at is not None


def test_a_meeting_goes_on_when_eyeson_is_down(
    settings: Any, sandbox_account: SandboxServer
) -> None:
    meeting, _ = start_meeting(sandbox_account)
    use_account(settings, BASE_URL=CLOSED_PORT)

    with pytest.raises(NetworkError):
        end_meeting(meeting=meeting)

    meeting.refresh_from_db()
    assert meeting.ended_at is None


def test_members_join_and_end_with_credentials_where_they_belong(
    sandbox_account: SandboxServer,
) -> None:
    sandbox_account.knobs.turn(strict_credentials=True)
    meeting, user = start_meeting(sandbox_account)
    join_room(room=meeting.room, user=UserFactory())

    assert end_meeting(meeting=meeting, user=user).ended_at is not None


@pytest.mark.django_db
def test_a_change_of_a_room_touches_what_is_given_alone() -> None:
    room = RoomFactory(name="Old", metadata={"a": 1}, guest_access="invited")
    Room.objects.update(name="Renamed meanwhile")

    change_room(room=room)
    change_room(room=room, metadata={}, guest_access="link")

    room.refresh_from_db()
    assert (room.name, room.metadata, room.guest_access) == ("Renamed meanwhile", {}, "link")
