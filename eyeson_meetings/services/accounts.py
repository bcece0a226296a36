"""The client of an account, and the one rule about when it may be used."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

from django.db import connections

from eyeson_meetings.client import EyesonClient
from eyeson_meetings.conf import Account, account, timeouts_seconds
from eyeson_meetings.exceptions import NetworkInTransactionError
from eyeson_meetings.mirror import clocks

_clients: dict[tuple[str, Account, tuple[float, float]], EyesonClient] = {}
_clients_lock = threading.Lock()


def client_for(alias: str) -> EyesonClient:
    """The client of that account: the same one, with its open connections, while the settings stay.

    Raises UnknownAccountError, ConfigurationError, and NetworkInTransactionError inside `atomic()` of any
    database: what eyeson has done, no rollback undoes, and what it takes, a locked row would wait for.
    """
    refuse_in_transaction()
    wanted = (alias, account(alias), timeouts_seconds())
    with _clients_lock:
        client = _clients.get(wanted)
        if client is None:
            client = _clients[wanted] = EyesonClient(
                **_arguments(alias), judge_date=partial(clocks.time_of_answer, alias)
            )
    return client


def client_without_rows(alias: str) -> EyesonClient:
    """A new client of that account, for threads that must not touch the database: it takes each `Date` as it is.

    Raises UnknownAccountError, ConfigurationError.
    """
    return EyesonClient(**_arguments(alias))


def _arguments(alias: str) -> dict[str, Any]:
    of_account = account(alias)
    return {
        "api_key": of_account.api_key,
        "base_url": of_account.base_url,
        "timeouts_seconds": timeouts_seconds(),
        "sandbox": of_account.sandbox,
        "ca_file": of_account.ca_file,
    }


def refuse_in_transaction() -> None:
    """Raises NetworkInTransactionError inside `atomic()` of any database.

    The blocks that a TestCase wraps around its tests do not count: they are never committed anyway.
    """
    for connection in connections.all(initialized_only=True):
        if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
            raise NetworkInTransactionError(
                f'eyeson would be asked inside a transaction of the database "{connection.alias}". '
                "Call it outside of atomic(); views that do so are non_atomic_requests."
            )
