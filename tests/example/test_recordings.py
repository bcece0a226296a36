"""What becomes of recordings: the host has mail, the client may watch for a while."""

# ruff: noqa: PT009 - written as those write who do not use pytest
from __future__ import annotations

from datetime import timedelta

from django.contrib.auth import get_user_model
from django.core import mail
from django.core.management import call_command
from django.test import TestCase
from django.urls import reverse
from django.utils import timezone

from example_project.appointments.booking import book_appointment
from eyeson_meetings.testing.cases import EyesonSandboxMixin
from eyeson_meetings.testing.factories import MeetingFactory, RecordingFactory


class RecordingTests(EyesonSandboxMixin, TestCase):
    """A host, a client and their appointment."""

    @classmethod
    def setUpTestData(cls) -> None:
        """Book it."""
        people = get_user_model().objects
        cls.host = people.create_user("hannah", email="hannah@example.org")
        cls.client_user = people.create_user("clemens")
        cls.appointment = book_appointment(
            host=cls.host,
            client=cls.client_user,
            topic="Pension plan",
            starts_at=timezone.now(),
            length=timedelta(minutes=30),
        )
        cls.room = cls.appointment.room

    def test_the_host_is_told_where_the_recording_is(self) -> None:
        """Join, record, stop, and let the site do what is due."""
        self.client.force_login(self.host)
        self.client.post(reverse("eyeson:join", args=[self.room.uuid]))
        self.eyeson_sandbox.advance(2)
        meeting = self.eyeson_sandbox.meeting_in(self.room)
        self.eyeson_sandbox.state.start_recording(meeting, meeting.online[0])
        self.eyeson_sandbox.advance(60)
        self.eyeson_sandbox.end(self.room)
        self.eyeson_sandbox.advance(2)

        self.eyeson_sandbox.deliver_webhooks()
        with self.captureOnCommitCallbacks(execute=True):
            call_command("eyeson_work", verbosity=0)

        (message,) = mail.outbox
        self.assertEqual(message.to, ["hannah@example.org"])
        self.assertEqual(message.subject, "Recorded: Pension plan")
        self.assertIn(self.appointment.get_absolute_url(), message.body)
        self.assertNotIn("eyeson", message.body)

    def test_the_client_may_watch_for_a_month_and_the_host_for_longer(self) -> None:
        """Nobody else may at any time."""
        stranger = get_user_model().objects.create_user("stranger")
        for days, watchers in ((29, [self.host, self.client_user]), (31, [self.host])):
            meeting = MeetingFactory(
                room=self.room, started_at=timezone.now() - timedelta(days=days), ended=True
            )
            page = reverse("eyeson:recording", args=[RecordingFactory(meeting=meeting).uuid])
            for user in (self.host, self.client_user, stranger):
                self.client.force_login(user)
                with self.subTest(days=days, user=user.username):
                    seen = self.client.get(page).status_code == 200
                    self.assertEqual(seen, user in watchers)
