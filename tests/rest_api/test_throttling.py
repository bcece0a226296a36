"""How often one user may ask."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.settings import api_settings

from tests.rest_api.conftest import World

pytestmark = pytest.mark.django_db

NOBODY = "redis://127.0.0.1:9/0"


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


def test_while_the_cache_is_down_calls_go_through_and_one_line_is_logged(
    world: World, as_user: Any, rates: Any, settings: Any, redis_url: str, caplog: Any
) -> None:
    rates(read="2/min")
    client = as_user(world.host)
    backend = "django.core.cache.backends.redis.RedisCache"

    def statuses(location: str) -> list[int]:
        settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": location}}
        answers = [client.call("GET", f"rooms/{world.room.uuid}/") for _ in range(3)]
        return [answer.status_code for answer in answers]

    down, up, down_again = statuses(NOBODY), statuses(redis_url), statuses(NOBODY)

    assert (down, up, down_again) == ([200] * 3, [200, 200, 429], [200] * 3)
    ours = [record for record in caplog.records if record.name.startswith("eyeson_meetings")]
    assert [record.getMessage() for record in ours] == [
        "The cache does not answer (ConnectionError): calls of the REST API are not counted."
    ] * 2
