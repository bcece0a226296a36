"""Rows that sites make in their tests."""

from __future__ import annotations

import pytest
from django.contrib.auth import authenticate
from factory.django import DjangoModelFactory

from eyeson_meetings.testing import factories

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

MADE = [
    made
    for made in vars(factories).values()
    if isinstance(made, type) and issubclass(made, DjangoModelFactory) and made._meta.model
]


def test_each_factory_makes_sound_rows_any_number_of_times() -> None:
    assert len(MADE) > 15
    for made in MADE:
        for row in made.create_batch(2):
            row.full_clean()


def test_the_secrets_of_rows_can_be_read() -> None:
    assert factories.AccessKeyFactory(key="a-key").key == "a-key"
    assert factories.PermalinkHostFactory(user_token="a-token").user_token == "a-token"
    assert factories.BroadcastTargetFactory(stream_key="a-stream-key").stream_key == "a-stream-key"


def test_a_host_of_a_permalink_is_a_user_who_is_known_in_its_room() -> None:
    host = factories.PermalinkHostFactory()

    assert host.user is not None
    assert host.participant.room == host.permalink.room
    assert host.name == host.participant.name


def test_users_can_sign_in() -> None:
    users = [factories.UserFactory(), factories.UserFactory(), factories.UserFactory(password="x")]
    passwords = ["password", "password", "x"]

    for user, password in zip(users, passwords, strict=True):
        assert authenticate(username=user.username, password=password) == user


def test_rows_start_over() -> None:
    first = factories.MeetingFactory.build().started_at
    later = factories.MeetingFactory.build().started_at

    factories.start_over()

    assert later > first
    assert factories.MeetingFactory.build().started_at == first
