"""Staff say that two participants are one person: a form, a question, and then it is so."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from eyeson_meetings.management.doctor import check_pairs
from eyeson_meetings.models import Participant, Room
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import moderation
from eyeson_meetings.services.rooms import join_as_guest
from tests.factories import (
    ParticipantFactory,
    PresenceFactory,
    RoomFactory,
    UserFactory,
)
from tests.services.meetings import in_sandbox, start_meeting
from tests.services.truth import sync_once

from .conftest import button_of, list_of, logged, page_of, press, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair(db: None) -> tuple[Participant, Participant]:
    """Two rows of one guest, who was in a meeting once."""
    room = RoomFactory(name="Clinic")
    was_in, absent = ParticipantFactory.create_batch(2, room=room, name="Grace", guest=True)
    PresenceFactory(participant=was_in)
    return was_in, absent


def text_of(response: Any) -> str:
    return str(response.content.decode())


def test_staff_choose_are_asked_and_then_the_two_are_one(
    root: Client, pair: tuple[Participant, Participant]
) -> None:
    kept, other = pair
    assert button_of(kept, "merge") in text_of(root.get(page_of(kept)))
    assert f'<option value="{other.pk}">' in text_of(root.get(button_of(kept, "merge")))

    question = text_of(press(root, kept, "merge", person=other.pk))

    assert "become one person" in question
    assert other.eyeson_id in question
    assert "It cannot be undone." in question
    assert Participant.objects.people().count() == 2

    done = press(root, kept, "merge", person=other.pk, confirmed="True")

    assert (done.status_code, done.headers["Location"]) == (302, page_of(kept))
    assert told(done) == ["“Grace” has been merged into this person."]
    assert logged(kept) == [f"Merged with “Grace” ({other.eyeson_id})."]
    assert Participant.objects.people().get() == kept
    assert other.eyeson_id not in text_of(root.get(list_of(Participant)))


def test_a_link_leads_to_the_question_and_a_visit_merges_nobody(
    root: Client, pair: tuple[Participant, Participant]
) -> None:
    kept, other = pair

    page = root.get(button_of(kept, "merge"), {"person": other.pk, "confirmed": "True"})

    assert "become one person" in text_of(page)
    assert Participant.objects.people().count() == 2


@pytest.mark.parametrize("person", ["", "x", "0", str(10**30), "stranger", "user", "self"])
def test_nobody_else_can_be_chosen(
    root: Client, pair: tuple[Participant, Participant], person: str
) -> None:
    kept, _ = pair
    people = {
        "stranger": ParticipantFactory(name="Grace", guest=True),
        "user": ParticipantFactory(room=kept.room, name="Grace", user=UserFactory()),
        "self": kept,
    }
    chosen = people[person].pk if person in people else person

    response = press(root, kept, "merge", person=chosen, confirmed="True")

    assert response.status_code == 200
    assert 'class="errornote"' in text_of(response)
    assert not Participant.objects.exclude(merged_into=None).exists()


def test_who_has_merged_meanwhile_reads_what_is_so(
    root: Client, pair: tuple[Participant, Participant]
) -> None:
    kept, other = pair
    press(root, other, "merge", person=kept.pk, confirmed="True")

    response = press(root, kept, "merge", person=other.pk, confirmed="True")

    assert response.status_code == 404
    assert Participant.objects.people().get() == other


@pytest.mark.parametrize(
    ("permissions", "status"),
    [(["view_participant"], 403), (["view_participant", "moderate_room"], 200)],
)
def test_it_takes_the_right_to_moderate_the_room(
    staff_with: Callable[..., Client],
    pair: tuple[Participant, Participant],
    permissions: list[str],
    status: int,
) -> None:
    kept, other = pair
    browser = staff_with(*permissions)

    response = press(browser, kept, "merge", person=other.pk)

    assert response.status_code == status
    assert (button_of(kept, "merge") in text_of(browser.get(page_of(kept)))) == (status == 200)


def test_a_guest_who_was_merged_enters_as_that_person_and_is_sent_out_under_every_id(
    sandbox_account: SandboxServer, root: Client
) -> None:
    meeting, _ = start_meeting(sandbox_account)
    kept, other = (join_as_guest(room=meeting.room, name="Grace").participant for _ in range(2))
    there = in_sandbox(sandbox_account, meeting)
    with sandbox_account.state.locked():
        for row in (kept, other):
            sandbox_account.state.connect(there, there.people[row.eyeson_id])
    sync_once()
    press(root, kept, "merge", person=other.pk, confirmed="True")
    sync_once()

    again = join_as_guest(room=meeting.room, name="Grace", guest_id=other.eyeson_id)

    assert again.participant == kept
    assert len(there.people) == 3
    moderation.kick_participant(meeting=meeting, participant=Participant.objects.get(pk=kept.pk))
    assert [person.name for person in there.people.values() if person.online] == []
    assert not Participant.objects.filter(online=True).exists()


# The doctor


def pairs_named() -> list[str]:
    return [finding.message for finding in check_pairs(["default"])]


def test_the_doctor_names_likely_pairs_once(pair: tuple[Participant, Participant]) -> None:
    was_in, absent = pair

    (message,) = pairs_named()

    assert message == (
        "These participants may be one person each: "
        f"“Grace” in “Clinic” ({absent.pk} and {was_in.pk})."
    )
    Participant.objects.filter(pk=absent.pk).update(merged_into=was_in)
    assert pairs_named() == []


def test_two_who_never_came_are_one_pair() -> None:
    ParticipantFactory.create_batch(2, room=RoomFactory(), name="Grace")

    (message,) = pairs_named()

    assert message.count("Grace") == 1


def test_who_is_certainly_not_one_person_is_no_pair() -> None:
    room: Room = RoomFactory()

    def people(**values: Any) -> list[Participant]:
        return [ParticipantFactory(room=room, **values) for _ in range(2)]

    for row in people(name="Both came"):
        PresenceFactory(participant=row)
    for row in people(name="Two users"):
        Participant.objects.filter(pk=row.pk).update(user=UserFactory())
    ParticipantFactory(name="Elsewhere")
    ParticipantFactory(name="Elsewhere")
    ParticipantFactory(room=room, name="Mixed", guest=True)
    ParticipantFactory(room=room, name="Mixed", guest=False)
    people(name="")

    assert pairs_named() == []


def test_the_command_says_what_to_do(
    sandbox_account: SandboxServer, pair: tuple[Participant, Participant]
) -> None:
    said = StringIO()
    # Whatever else it finds here.
    with contextlib.suppress(CommandError):
        call_command("eyeson_doctor", stdout=said)

    assert "pairs (default): These participants may be one person each" in said.getvalue()
    assert "Merge with another person" in said.getvalue()
