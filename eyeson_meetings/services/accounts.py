"""The client of an account, and the one rule about when it may be used."""

from __future__ import annotations

import threading

from django.db import connections

from eyeson_meetings.client import EyesonClient
from eyeson_meetings.conf import Account, account, timeouts_seconds
from eyeson_meetings.exceptions import NetworkInTransactionError

_clients: dict[tuple[Account, tuple[float, float]], EyesonClient] = {}
_clients_lock = threading.Lock()


def client_for(alias: str) -> EyesonClient:
    """The client of that account: the same one, with its open connections, while the settings stay.

    Raises UnknownAccountError, ConfigurationError, and NetworkInTransactionError inside `atomic()` of any
    database: what eyeson has done, no rollback undoes, and what it takes, a locked row would wait for.
    """
    refuse_in_transaction()
    wanted = (account(alias), timeouts_seconds())
    with _clients_lock:
        client = _clients.get(wanted)
        if client is None:
            of_account, timeouts = wanted
            client = EyesonClient(
                api_key=of_account.api_key,
                base_url=of_account.base_url,
                timeouts_seconds=timeouts,
                sandbox=of_account.sandbox,
                ca_file=of_account.ca_file,
            )
            _clients[wanted] = client
    return client


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
