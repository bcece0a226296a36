"""One client an account, and none inside a transaction."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, transaction

from eyeson_meetings.client import EyesonClient
from eyeson_meetings.exceptions import (
    ConfigurationError,
    NetworkInTransactionError,
    UnknownAccountError,
)
from eyeson_meetings.services.accounts import client_for


def account(**values: Any) -> dict[str, Any]:
    return {"ACCOUNTS": {"default": {"API_KEY": "one-key", **values}}}


def test_the_client_of_an_account_stays_the_same(settings: Any) -> None:
    settings.EYESON = account()

    assert client_for("default") is client_for("default")


def test_threads_that_ask_at_once_get_the_same_client(settings: Any) -> None:
    settings.EYESON = account(API_KEY="key-of-threads")
    barrier, found = threading.Barrier(8), []

    def ask() -> None:
        barrier.wait(60)
        found.append(client_for("default"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert len(set(map(id, found))) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"ACCOUNTS": {"default": {"API_KEY": "another-key"}}},
        {"ACCOUNTS": {"default": {"API_KEY": "one-key", "BASE_URL": "https://eyeson.example.org"}}},
        {**account(), "TIMEOUT_SECONDS": 3},
    ],
    ids=["key", "address", "timeouts"],
)
def test_other_settings_give_another_client(settings: Any, change: dict[str, Any]) -> None:
    settings.EYESON = account()
    before = client_for("default")

    settings.EYESON = change

    after = client_for("default")
    assert isinstance(after, EyesonClient)
    assert after is not before


def test_an_alias_that_settings_do_not_name_has_no_client(settings: Any) -> None:
    settings.EYESON = account()

    with pytest.raises(UnknownAccountError):
        client_for("elsewhere")


def test_an_account_without_a_key_has_no_client(settings: Any) -> None:
    settings.EYESON = account(API_KEY="")

    with pytest.raises(ConfigurationError):
        client_for("default")


@pytest.mark.django_db
def test_inside_a_transaction_there_is_no_client() -> None:
    with transaction.atomic(), pytest.raises(NetworkInTransactionError, match='"default"'):
        client_for("default")


@pytest.mark.django_db
def test_a_savepoint_inside_a_transaction_is_one_too() -> None:
    with transaction.atomic(), transaction.atomic(), pytest.raises(NetworkInTransactionError):
        client_for("default")


@pytest.mark.django_db(transaction=True)
def test_outside_of_a_testcase_the_outermost_transaction_counts() -> None:
    with transaction.atomic(), pytest.raises(NetworkInTransactionError):
        client_for("default")

    assert isinstance(client_for("default"), EyesonClient)


@pytest.mark.django_db
def test_the_transaction_around_a_test_does_not_count() -> None:
    assert connection.in_atomic_block

    assert isinstance(client_for("default"), EyesonClient)
