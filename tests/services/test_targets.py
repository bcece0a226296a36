"""Places to broadcast to are saved, changed and forgotten; their keys are encrypted and in no error."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models.signals import pre_save

from eyeson_meetings.exceptions import ValueRefusedError
from eyeson_meetings.models import BroadcastTarget
from eyeson_meetings.services.targets import change_target, create_target, delete_target
from tests.factories import BroadcastFactory, BroadcastTargetFactory

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

ADDRESS = "rtmp://live.example.org/app"


def test_a_target_is_saved_changed_and_forgotten() -> None:
    made = create_target(name="TV", address=ADDRESS, stream_key="secret-key")
    assert made.stream_url() == f"{ADDRESS}/secret-key"
    assert "secret-key" not in repr(BroadcastTarget.objects.values_list().get())

    change_target(target=made, name="Radio", player_url="https://tv.example.org/", enabled=False)
    made.refresh_from_db()
    assert (made.name, made.stream_key, made.enabled) == ("Radio", "secret-key", False)
    change_target(target=made, stream_key="", enabled=True)
    made.refresh_from_db()
    assert (made.stream_key, made.address, made.enabled) == ("", ADDRESS, True)

    broadcast = BroadcastFactory(target=made)
    delete_target(target=made)
    broadcast.refresh_from_db()
    assert broadcast.target is None


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"name": ""}, "name", "blank"),
        ({"name": "x" * 256}, "name", "255"),
        ({"name": "Taken"}, "name", "already"),
        ({"address": "https://live.example.org/secret"}, "address", "rtmp"),
        ({"address": f"{ADDRESS}?key=secret"}, "address", "own field"),
        ({"stream_key": "secret key"}, "stream_key", "no blanks"),
        ({"stream_key": "secret" * 400}, "stream_key", "too long"),
        ({"player_url": "javascript:alert(1)"}, "player_url", "valid URL"),
        ({"account": "nobody"}, "account", "no eyeson account"),
    ],
    ids=lambda value: value if isinstance(value, str) and "secret" not in value else "",
)
def test_what_cannot_be_is_refused_and_nothing_changes(
    given: dict[str, Any], field: str, words: str
) -> None:
    BroadcastTargetFactory(name="Taken")
    target = BroadcastTargetFactory(name="Mine")
    before = list(BroadcastTarget.objects.order_by("pk").values())

    with pytest.raises(ValueRefusedError, match=words) as refused:
        create_target(**{"name": "TV", "address": ADDRESS, **given})
    assert refused.value.field == field
    assert "secret" not in str(refused.value)
    if field != "account":
        with pytest.raises(ValueRefusedError, match=words):
            change_target(target=target, **given)

    assert list(BroadcastTarget.objects.order_by("pk").values()) == before


def test_of_two_at_once_one_gets_the_name() -> None:
    def be_faster(instance: BroadcastTarget, **more: Any) -> None:
        BroadcastTarget.objects.bulk_create([BroadcastTargetFactory.build(name=instance.name)])

    pre_save.connect(be_faster, sender=BroadcastTarget)
    try:
        with pytest.raises(ValueRefusedError, match="already"):
            create_target(name="TV", address=ADDRESS)
    finally:
        pre_save.disconnect(be_faster, sender=BroadcastTarget)
