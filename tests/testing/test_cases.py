"""The same for those who write unittest."""

from __future__ import annotations

import time
import unittest
from pathlib import Path
from typing import Any, cast

import pytest
import time_machine
from django.core.files.storage import storages
from django.test import SimpleTestCase, TestCase, TransactionTestCase
from django.utils import timezone

from eyeson_meetings import conf
from eyeson_meetings.models import Delivery
from eyeson_meetings.services.rooms import join_room
from eyeson_meetings.testing import webhooks
from eyeson_meetings.testing.cases import EyesonSandboxMixin
from eyeson_meetings.testing.factories import RoomFactory, UserFactory
from eyeson_meetings.testing.sandbox import use_sandbox

pytestmark = pytest.mark.any_database


class MeetingCase(EyesonSandboxMixin, TestCase):
    """A test case in a transaction."""

    def test_a_meeting_begins(self) -> None:
        room = RoomFactory()

        join_room(room=room, user=UserFactory(first_name="Ada", last_name="Byron"))
        self.eyeson_sandbox.advance(2)
        self.eyeson_sandbox.deliver_webhooks()

        meeting = room.meetings.get()
        assert meeting.ready_at is not None
        assert [presence.participant.name for presence in meeting.presences.all()] == ["Ada Byron"]

    def test_a_webhook_is_mirrored_and_asks_nobody(self) -> None:
        room = RoomFactory()

        with self.assertNoEyesonCalls():
            answer = self.signed_delivery(webhooks.room_update(room))

        assert answer.status_code == 204
        assert room.meetings.get().ready_at is not None


class CommittingCase(EyesonSandboxMixin, TransactionTestCase):
    """A test case that commits, with settings of its own."""

    eyeson_settings = {"PROCESSING": "worker", "SERVICE_NAME": "Front desk"}

    def test_it_has_its_own_settings(self) -> None:
        room = RoomFactory()

        self.signed_delivery(webhooks.room_update(room))

        assert conf.setting("SERVICE_NAME") == "Front desk"
        # A worker would mirror it.
        assert not room.meetings.exists()
        assert Delivery.objects.get().state == "received"


class MovedClockCase(EyesonSandboxMixin, SimpleTestCase):
    """A test case that moves the clock of the site."""

    def setUp(self) -> None:
        super().setUp()
        self.began_at = time.time()

    def tearDown(self) -> None:
        assert time.time() > self.began_at + 13 * 86_400
        super().tearDown()

    def test_both_clocks_move(self) -> None:
        self.eyeson_sandbox.advance(13 * 86_400, site=True)

        expected = pytest.approx(self.began_at + 13 * 86_400, abs=600)
        assert timezone.now().timestamp() == expected
        assert self.eyeson_sandbox.state.clock.now() == expected


def test_a_test_case_puts_the_clock_back_whether_it_passes_or_fails() -> None:
    class FailingCase(MovedClockCase):
        """A test case that fails with the clock moved."""

        def test_both_clocks_move(self) -> None:
            super().test_both_clocks_move()
            self.fail("with the clock moved")

    began_at, result = time.time(), unittest.TestResult()
    cases = [case("test_both_clocks_move") for case in (MovedClockCase, FailingCase)]

    unittest.TestSuite(cases).run(result)

    assert (result.testsRun, result.errors, len(result.failures)) == (2, [], 1)
    assert not time_machine.escape_hatch.is_travelling()
    assert time.time() == pytest.approx(began_at, abs=600)


class BareCase(SimpleTestCase):
    """No mixin: a context manager."""

    def test_settings_and_folder_are_those_of_before(self) -> None:
        before = conf.account().base_url

        with use_sandbox() as sandbox:
            location = Path(cast(Any, storages["eyeson"]).location)
            assert location.is_dir()
            assert conf.account().base_url == sandbox.url

        assert conf.account().base_url == before
        assert not location.exists()
