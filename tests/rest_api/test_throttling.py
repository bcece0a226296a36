"""How often one user may ask."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.settings import api_settings

from tests.rest_api.conftest import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def rates(settings: Any) -> Any:
    """Sets the site's rates."""

    def use(**given: str | None) -> None:
        names = {f"eyeson-{name}": rate for name, rate in given.items()}
        settings.REST_FRAMEWORK = {"DEFAULT_THROTTLE_RATES": names}

    yield use
    api_settings.reload()


def test_a_user_who_asks_too_often_is_told_when_to_come_back(
    world: World, as_user: Any, rates: Any
) -> None:
    rates(write="2/min")
    client, path = as_user(world.host), f"rooms/{world.room.uuid}/close/"

    answers = [client.call("POST", path) for _ in range(3)]

    assert [response.status_code for response in answers] == [200, 200, 429]
    assert answers[2].json()["code"] == "throttled"
    assert 0 < int(answers[2].headers["Retry-After"]) <= 60


def test_one_scope_and_one_user_do_not_wait_for_another(
    world: World, as_user: Any, rates: Any
) -> None:
    rates(write="1/min", read="2/min")
    path = f"rooms/{world.room.uuid}/"
    host = as_user(world.host)

    host.call("POST", f"{path}close/")

    assert host.call("POST", f"{path}close/").status_code == 429
    assert host.call("GET", path).status_code == 200
    assert as_user(world.member).call("GET", path).status_code == 200


def test_a_site_may_switch_a_scope_off(world: World, as_user: Any, rates: Any) -> None:
    rates(read=None)
    client = as_user(world.host)

    statuses = {client.call("GET", f"rooms/{world.room.uuid}/").status_code for _ in range(20)}

    assert statuses == {200}
