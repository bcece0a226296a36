"""A slow eyeson, on a scaled clock: the REST API answers in time, with a code that says what is true."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from eyeson_meetings.models import Participant
from eyeson_meetings.rest_api.participants import uuid_of
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.rooms import join_as_guest
from tests.factories import RoomFactory, UserFactory
from tests.rest_api.conftest import API
from tests.services.meetings import start_meeting

from .slow_eyeson import (
    ACTS_SLOW,
    ALL_SLOW,
    IN_DOUBT,
    NOTHING,
    SCALED_ANSWER_SECONDS,
    Slowness,
    Told,
    assert_true,
    scale_press,
    scale_press_for_a_busy_machine,
    slow_eyeson,
)

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.any_database]

#: Endpoints and the calls that they are for.
ENDPOINTS = {
    "meetings/{meeting}/start-recording/": "POST /rooms/{access_key}/recording",
    "meetings/{meeting}/kick/": "DELETE /rooms/{access_key}/users/{user_id}",
    "meetings/{meeting}/upload-file/": "POST /rooms/{access_key}/files",
    "rooms/{room}/join/": "POST /rooms",
}
#: Sentence → codes that may stand beside it.
CODES = {NOTHING: {"too_slow", "no_answer"}, IN_DOUBT: {"not_confirmed"}}


@pytest.mark.parametrize("slowness", [*ALL_SLOW, ACTS_SLOW], ids=str)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_an_endpoint_answers_in_time_with_a_code_that_is_true(
    sandbox_account: SandboxServer,
    client: Client,
    endpoint: str,
    slowness: Slowness,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url, content = prepared(endpoint, sandbox_account, client)
    is_endless = slowness.seconds > 10
    (scale_press_for_a_busy_machine if is_endless else scale_press)(monkeypatch)

    with slow_eyeson(sandbox_account, slowness.scaled) as timed:
        response = client.post(url, **content)

    told = told_by_rest(response)
    assert timed.seconds < SCALED_ANSWER_SECONDS
    assert_true(told, timed, (ENDPOINTS[endpoint],))
    if is_endless:
        is_act_sent = slowness == ACTS_SLOW or endpoint.endswith("join/")
        assert response.json()["code"] == ("not_confirmed" if is_act_sent else "no_answer")


def prepared(endpoint: str, sandbox: SandboxServer, client: Client) -> tuple[str, dict[str, Any]]:
    """Sign in a host whose meeting runs. Returns the address of the endpoint, and what to send."""
    # Throttling counts in the cache.
    cache.clear()
    user, room = UserFactory(is_superuser=True), RoomFactory(guest_access="link")
    meeting, _ = start_meeting(sandbox, room=room, user=user)
    guest = join_as_guest(room=room, name="Bo").participant
    Participant.objects.filter(pk=guest.pk).update(online=True)
    client.force_login(user)
    url = API + endpoint.format(meeting=meeting.uuid, room=room.uuid)
    if "upload" in endpoint:
        return url, {"data": {"file": SimpleUploadedFile("a.txt", b"1.")}}
    body = {"participant": str(uuid_of(guest))} if "kick" in endpoint else {}
    return url, {"data": body, "content_type": "application/json"}


def told_by_rest(response: Any) -> Told:
    """Return what the body says, after checking its status and code."""
    if response.status_code < 300:
        return Told(f"status {response.status_code}", is_success=True)
    problem = response.json()
    (codes,) = (codes for sentence, codes in CODES.items() if sentence in problem["message"])
    assert (response.status_code, problem["code"] in codes) == (503, True), problem
    return Told(problem["message"], is_success=False)
