"""The one setting."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from eyeson_meetings import conf
from eyeson_meetings.exceptions import ConfigurationError, UnknownAccountError

PACKAGE = Path(conf.__file__).parent


def test_a_site_that_sets_nothing_has_the_defaults(settings: Any) -> None:
    del settings.EYESON

    assert conf.user_settings() == {}
    assert conf.setting("STORAGE") == "eyeson"
    assert conf.account_aliases() == []
    assert conf.timeouts_seconds() == (5.0, 30.0)
    assert (conf.fetches("recordings"), conf.fetches("snapshots")) == (True, True)


def test_settings_are_read_when_they_are_needed(settings: Any) -> None:
    settings.EYESON = {"STORAGE": "one"}
    assert conf.setting("STORAGE") == "one"

    settings.EYESON = {"STORAGE": "two"}
    assert conf.setting("STORAGE") == "two"


def test_a_dictionary_is_merged_over_its_default(settings: Any) -> None:
    settings.EYESON = {"RETENTION_DAYS": {"recordings": 365}}

    assert conf.setting("RETENTION_DAYS") == {
        "deliveries": 30,
        "dead_deliveries": 90,
        "recordings": 365,
        "snapshots": None,
        "files": None,
    }


@pytest.mark.parametrize("wrong", [[], "API_KEY", None])
def test_a_setting_that_is_no_dictionary_is_an_error(settings: Any, wrong: Any) -> None:
    settings.EYESON = wrong

    with pytest.raises(ConfigurationError, match="dictionary"):
        conf.setting("STORAGE")


def test_a_name_that_is_no_setting_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        conf.setting("STORRAGE")


def test_an_api_key_alone_is_the_default_account(settings: Any) -> None:
    settings.EYESON = {"API_KEY": " key "}

    account = conf.account()

    assert account == conf.Account(alias="default", api_key="key")
    assert account.base_url == "https://api.eyeson.team"
    assert account.webhook_keys == ("key",)
    assert not account.sandbox


def test_an_account_has_all_that_its_entry_says(settings: Any) -> None:
    settings.EYESON = {
        "ACCOUNTS": {
            "default": {"API_KEY": "one"},
            "school": {
                "API_KEY": "two",
                "BASE_URL": "http://127.0.0.1:8000/",
                "RETIRED_API_KEYS": ["older", "oldest"],
                "SANDBOX": True,
            },
        },
        "API_KEY": "beaten by the entry of that name",
    }

    assert conf.account_aliases() == ["default", "school"]
    assert conf.account().api_key == "one"
    school = conf.account("school")
    assert (school.base_url, school.sandbox) == ("http://127.0.0.1:8000", True)
    assert school.webhook_keys == ("two", "older", "oldest")


@pytest.mark.parametrize("sandbox", ["yes", 1, "False", None])
def test_only_true_makes_a_sandbox(settings: Any, sandbox: Any) -> None:
    settings.EYESON = {"ACCOUNTS": {"default": {"API_KEY": "key", "SANDBOX": sandbox}}}

    assert conf.account().sandbox is False


def test_keys_do_not_show_in_a_repr(settings: Any) -> None:
    entry = {"API_KEY": "the-key", "RETIRED_API_KEYS": ["the-old-key"]}
    settings.EYESON = {"ACCOUNTS": {"default": entry}}

    assert "key" not in repr(conf.account()).replace("_key", "")


def test_an_account_that_nobody_named_is_unknown(settings: Any) -> None:
    settings.EYESON = {"ACCOUNTS": {"school": {"API_KEY": "key"}}}

    with pytest.raises(UnknownAccountError, match='"default".*names: school'):
        conf.account()


@pytest.mark.parametrize("entry", [{}, {"API_KEY": None}, {"API_KEY": "  "}, {"API_KEY": 17}])
def test_an_account_without_a_key_is_an_error(settings: Any, entry: dict[str, Any]) -> None:
    settings.EYESON = {"ACCOUNTS": {"default": entry}}

    with pytest.raises(ConfigurationError, match="API_KEY"):
        conf.account()


@pytest.mark.parametrize(
    ("value", "seconds"), [(10, (10.0, 10.0)), (0.5, (0.5, 0.5)), ((3, 20), (3.0, 20.0))]
)
def test_timeouts_are_one_number_or_two(
    settings: Any, value: Any, seconds: tuple[float, float]
) -> None:
    settings.EYESON = {"TIMEOUT_SECONDS": value}

    assert conf.timeouts_seconds() == seconds


def test_kinds_of_work_go_to_their_queue_or_to_the_hosts_default(settings: Any) -> None:
    settings.EYESON = {"QUEUES": {"media": "slow"}, "FETCH": ("snapshots",)}

    assert (conf.queue("media"), conf.queue("sync")) == ("slow", None)
    assert (conf.fetches("recordings"), conf.fetches("snapshots")) == (False, True)


def test_there_are_few_settings_and_each_is_used() -> None:
    code = "\n".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    used = set(re.findall(r'setting\(\s*"([A-Z_]+)"', code))

    assert len(conf.DEFAULTS) < 25
    assert used == set(conf.DEFAULTS)
