"""The fixtures that a site's tests get from the plugin."""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.core.files.storage import storages
from django.test import Client
from django.urls import reverse

from eyeson_meetings import conf, signals, testing
from eyeson_meetings.exceptions import KeyRefusedError
from eyeson_meetings.models import Broadcast, Delivery, Meeting, Recording, Room, Snapshot
from eyeson_meetings.services import media, recordings
from eyeson_meetings.services.accounts import client_for
from eyeson_meetings.services.rooms import join_room
from eyeson_meetings.testing import plugin, webhooks
from eyeson_meetings.testing.sandbox import (
    EyesonSandbox,
    sandbox_api_keys,
    sandbox_settings,
    shared_sandbox,
    stop_shared_sandbox,
)
from eyeson_meetings.testing.webhooks import SignedDelivery

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

NoCalls = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def heard() -> Any:
    """The names of the signals that were sent."""
    names: list[str] = []
    receivers = []
    for name in ("meeting_started", "meeting_ended", "participant_joined", "recording_stored"):

        def note(name: str = name, **_: object) -> None:
            names.append(name)

        getattr(signals, name).connect(note)
        receivers.append((getattr(signals, name), note))
    yield names
    for signal, note in receivers:
        signal.disconnect(note)


def test_a_meeting_from_the_first_join_to_the_recording_in_the_storage(
    eyeson_sandbox: EyesonSandbox,
    eyeson_room: Room,
    eyeson_host: Any,
    eyeson_meeting: Meeting,
    heard: list[str],
    tmp_path: Path,
) -> None:
    assert eyeson_meeting.ready_at is not None
    eyeson_sandbox.enter(eyeson_room, name="Jonas")
    recordings.start_recording(meeting=eyeson_meeting, user=eyeson_host)
    eyeson_sandbox.advance(60)
    recordings.stop_recording(meeting=eyeson_meeting, user=eyeson_host)
    eyeson_sandbox.advance(2)
    assert heard == []

    eyeson_sandbox.deliver_webhooks()
    media.fetch_due()
    eyeson_sandbox.leave(eyeson_room, "Jonas")
    eyeson_sandbox.end(eyeson_room)
    told = eyeson_sandbox.deliver_webhooks()

    assert heard[0] == "participant_joined"
    assert heard[-1] == "meeting_ended"
    assert told == 3  # two went, and the meeting ended
    assert eyeson_sandbox.deliver_webhooks() == 0
    recording = Recording.objects.get()
    assert (tmp_path / "eyeson" / recording.file.name).stat().st_size == recording.size_bytes
    at_eyeson = eyeson_sandbox.meeting_in(eyeson_room)
    assert at_eyeson is not None
    assert at_eyeson.ended_at is not None


def test_each_test_begins_with_nothing_and_in_real_time(eyeson_sandbox: EyesonSandbox) -> None:
    assert eyeson_sandbox.calls == []
    eyeson_sandbox.advance(14 * 86400)
    eyeson_sandbox.knobs.turn(api_key_locked=True)
    eyeson_sandbox.faults.add("garbage")
    eyeson_sandbox.register_webhooks()

    again = EyesonSandbox(eyeson_sandbox.server, sandbox_api_keys())

    assert again.state.clock.now() == pytest.approx(time.time(), abs=600)
    assert again.knobs.api_key_locked is False
    assert again.faults.as_json() == []
    assert again.state.webhooks == {}


def test_no_key_of_the_site_and_no_folder_of_the_site_is_left(
    settings: Any, eyeson_sandbox: EyesonSandbox, eyeson_host: Any, tmp_path: Path
) -> None:
    settings.EYESON = {
        "ACCOUNTS": {
            "default": {"API_KEY": "a-real-one", "RETIRED_API_KEYS": ["an-old-one"]},
            "clinic": {"API_KEY": "another-real-one"},
        },
        "SERVICE_NAME": "Front desk",
        "STORAGE": "safe",
    }
    sandbox = EyesonSandbox(eyeson_sandbox.server, sandbox_api_keys())

    values = sandbox_settings(sandbox.url, tmp_path, PROCESSING="inline")
    for name, value in values.items():
        setattr(settings, name, value)
    join_room(room=Room.objects.create(account="clinic", name="Ward"), user=eyeson_host)

    assert "real-one" not in str(values)
    assert conf.account("clinic").sandbox
    assert conf.setting("SERVICE_NAME") == "Front desk"
    assert cast(Any, storages["safe"]).location == str(tmp_path)
    assert sandbox.state.meetings[0].team == conf.account("clinic").api_key


def test_a_webhook_of_each_type_reaches_the_rows(
    signed_delivery: SignedDelivery, eyeson_room: Room, heard: list[str]
) -> None:
    for body in (
        webhooks.room_update(eyeson_room),
        webhooks.participant_update(eyeson_room),
        webhooks.recording_update(eyeson_room, id="a-recording"),
        webhooks.snapshot_update(eyeson_room, id="a-snapshot"),
        webhooks.broadcast_update(eyeson_room),
    ):
        assert signed_delivery(body).status_code == 204

    meeting = eyeson_room.meetings.get()
    assert heard == ["meeting_started", "participant_joined"]
    assert Recording.objects.get(eyeson_id="a-recording", meeting=meeting).available_at
    assert Snapshot.objects.get(eyeson_id="a-snapshot").meeting == meeting
    assert Broadcast.objects.get().meeting == meeting
    assert {delivery.state for delivery in Delivery.objects.all()} == {"done"}

    signed_delivery(webhooks.participant_update(eyeson_room, online=False))
    signed_delivery(webhooks.room_update(eyeson_room, shutdown=True))

    meeting.refresh_from_db()
    assert meeting.ended_at is not None
    assert not meeting.presences.filter(to_at=None).exists()

    signed_delivery(webhooks.room_update(eyeson_room))

    assert eyeson_room.meetings.filter(ended_at=None).count() == 1


def test_a_webhook_of_a_participant_and_of_what_begins(
    signed_delivery: SignedDelivery, eyeson_meeting: Meeting
) -> None:
    participant = eyeson_meeting.room.participants.get()

    signed_delivery(
        webhooks.participant_update(
            eyeson_meeting.room, participant=participant, online=False, name="Ada Lovelace"
        )
    )
    signed_delivery(webhooks.recording_update(eyeson_meeting.room, finished=False))

    participant.refresh_from_db()
    assert (participant.online, participant.name) == (False, "Ada Lovelace")
    assert Recording.objects.get().available_at is None


def test_a_site_that_redirects_to_https_takes_them(
    settings: Any, eyeson_sandbox: EyesonSandbox, eyeson_room: Any, eyeson_host: Any,
    signed_delivery: SignedDelivery,
) -> None:  # fmt: skip
    settings.SECURE_SSL_REDIRECT = True
    join_room(room=eyeson_room, user=eyeson_host)
    eyeson_sandbox.advance(2)

    delivered = eyeson_sandbox.deliver_webhooks()
    answer = signed_delivery(webhooks.participant_update(eyeson_room))

    assert delivered > 0
    assert answer.status_code == 204


def test_what_somebody_else_signed_is_refused(
    signed_delivery: SignedDelivery, eyeson_room: Room
) -> None:
    body = webhooks.room_update(eyeson_room)

    assert signed_delivery(body, key="somebody-elses").status_code == 403
    assert not eyeson_room.meetings.exists()


def test_calls_are_found_out_and_named(
    client: Client, eyeson_room: Room, eyeson_host: Any, assert_no_eyeson_calls: NoCalls
) -> None:
    client.force_login(eyeson_host)
    with assert_no_eyeson_calls():
        client.get(reverse("eyeson:join", args=[eyeson_room.uuid]))

    with (
        pytest.raises(AssertionError, match=r"^eyeson was called: POST /rooms\.$"),
        assert_no_eyeson_calls(),
    ):
        client.post(reverse("eyeson:join", args=[eyeson_room.uuid]))


def test_trouble_can_be_planned(eyeson_sandbox: EyesonSandbox) -> None:
    eyeson_sandbox.faults.add("status", route="/rooms", status=403)

    with pytest.raises(KeyRefusedError):
        client_for("default").rooms.list()
    assert [call.status for call in eyeson_sandbox.calls] == [403]


def test_a_webhook_that_the_site_does_not_take_fails_the_test(
    settings: Any, eyeson_sandbox: EyesonSandbox, eyeson_meeting: Meeting
) -> None:
    settings.EYESON = {**settings.EYESON, "ACCOUNTS": {"default": {"API_KEY": "a-new-one"}}}
    eyeson_sandbox.end(eyeson_meeting.room)

    with pytest.raises(AssertionError, match="answered 403 to a participant_update"):
        eyeson_sandbox.deliver_webhooks()


@pytest.mark.django_db(transaction=True)
def test_a_site_on_a_port_has_its_webhooks_by_themselves(
    eyeson_sandbox: EyesonSandbox,
    eyeson_room: Room,
    eyeson_host: Any,
    live_server: Any,
    settings: Any,
) -> None:
    settings.EYESON = {**settings.EYESON, "PUBLIC_URL": live_server.url}
    eyeson_sandbox.register_webhooks()
    eyeson_sandbox.knobs.turn(drop_deliveries=False)

    join_room(room=eyeson_room, user=eyeson_host)
    eyeson_sandbox.advance(2)

    assert eyeson_sandbox.settle()
    assert eyeson_room.meetings.get().ready_at is not None


def test_what_cannot_happen_in_the_sandbox_is_said(
    eyeson_sandbox: EyesonSandbox, eyeson_room: Room, eyeson_host: Any
) -> None:
    with pytest.raises(LookupError, match=f'No meeting runs in "{eyeson_room.name}"'):
        eyeson_sandbox.enter(eyeson_room)
    join_room(room=eyeson_room, user=eyeson_host)
    with pytest.raises(LookupError, match=f"where there is: {eyeson_host.get_full_name()}"):
        eyeson_sandbox.leave(eyeson_room, "Nobody")


def test_a_process_has_one_sandbox_and_a_fork_its_own(
    eyeson_sandbox: EyesonSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shared_sandbox() is eyeson_sandbox.server

    monkeypatch.setattr(os, "getpid", lambda: -1)
    of_the_child = shared_sandbox()
    stop_shared_sandbox()
    stop_shared_sandbox()
    monkeypatch.undo()

    assert of_the_child.port != eyeson_sandbox.server.port
    assert shared_sandbox() is eyeson_sandbox.server


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "factory", None)
    monkeypatch.setitem(sys.modules, "uvicorn", None)

    with pytest.raises(ImportError) as raised:
        importlib.reload(testing)

    assert str(raised.value) == (
        "eyeson_meetings.testing needs factory-boy, uvicorn: "
        "pip install 'django-eyeson-meetings[testing]'"
    )


def test_without_pytest_django_it_is_said_what_to_install() -> None:
    config = SimpleNamespace(pluginmanager=pytest.PytestPluginManager())

    with pytest.raises(pytest.UsageError, match=r"needs pytest-django: pip install"):
        plugin.pytest_configure(cast(Any, config))
