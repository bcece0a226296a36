"""`manage.py eyeson_rotate_keys`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.fernet import Fernet

from eyeson_meetings.models import AccessKey, BroadcastTarget, Meeting, PermalinkHost
from tests import factories

from .conftest import Outcome

pytestmark = pytest.mark.django_db

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))


@pytest.fixture
def keys(settings: Any) -> Callable[..., None]:
    """Set the keys of the site."""

    def set_keys(*keys: str) -> None:
        settings.EYESON = {**settings.EYESON, "ENCRYPTION_KEYS": list(keys)}

    set_keys(OLD)
    return set_keys


def test_after_a_rotation_the_new_key_alone_reads_all_secrets(
    run: Callable[..., Outcome], keys: Callable[..., None]
) -> None:
    meeting = factories.MeetingFactory(guest_token="guest-token")  # noqa: S106 - of a test
    factories.AccessKeyFactory(meeting=meeting, key="access-key")
    factories.BroadcastTargetFactory(stream_key="stream-key")
    factories.PermalinkHostFactory(user_token="user-token")  # noqa: S106 - of a test
    keys(NEW, OLD)

    outcome = run("eyeson_rotate_keys")
    keys(NEW)

    assert outcome.status == 0
    assert outcome.out.startswith("4 secrets encrypted again, 0 had the newest key, 0 cannot")
    assert Meeting.objects.get().guest_token == "guest-token"
    assert AccessKey.objects.get().key == "access-key"
    assert BroadcastTarget.objects.get().stream_key == "stream-key"
    assert PermalinkHost.objects.get().user_token == "user-token"


def test_it_goes_on_where_it_was_stopped_and_has_nothing_to_do_in_the_end(
    run: Callable[..., Outcome], keys: Callable[..., None]
) -> None:
    factories.BroadcastTargetFactory.create_batch(3, stream_key="stream-key")
    keys(NEW, OLD)

    said = [run("eyeson_rotate_keys", "--limit", "2").out for _ in range(3)]

    assert [text.split(",")[0] for text in said] == [
        f"{count} secrets encrypted again" for count in (2, 1, 0)
    ]
    assert ["run the command again" in text for text in said] == [True, False, False]


def test_a_secret_of_an_unknown_key_stays_and_is_counted(
    run: Callable[..., Outcome], keys: Callable[..., None]
) -> None:
    target = factories.BroadcastTargetFactory(stream_key="stream-key")
    keys(NEW)

    outcome = run("eyeson_rotate_keys")

    assert outcome.status == 1
    assert "1 cannot be decrypted" in outcome.out
    assert "stream-key" not in outcome.out + outcome.err
    assert BroadcastTarget.objects.get().stream_key_encrypted == target.stream_key_encrypted


def test_a_limit_that_is_no_number_is_refused(run: Callable[..., Outcome]) -> None:
    assert run("eyeson_rotate_keys", "--limit", "0").status == 1
