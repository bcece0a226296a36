"""Whether the database answers and has the tables, and whether the site can read its own secrets."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from django.db import Error as DatabaseFault
from django.db import connections, models
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from eyeson_meetings import crypto
from eyeson_meetings.databases import database_alias
from eyeson_meetings.exceptions import SecretUnreadableError
from eyeson_meetings.services.key_rotation import encrypted_columns

from .findings import Finding, TimeLimitError, ok, problem, warning, within

DATABASE_SECONDS = 10.0
#: More than this before the first TCP keepalive is warned of; Linux waits two hours.
LONGEST_KEEPALIVE_SECONDS = 600
#: So many of the oldest and so many of the newest rows of a column are tried.
ROWS_TRIED = 250


def check_database() -> Iterator[Finding]:
    """Whether it answers, and has all tables of the package."""
    alias = database_alias()
    hint = _('See DATABASES["%(alias)s"], and whether the server runs.') % {"alias": alias}
    try:
        within(DATABASE_SECONDS, lambda: _ask(alias))
    except (TimeLimitError, DatabaseFault) as error:
        # Not its text: that may hold the address of the server and the name of its user.
        message = _("The database does not answer (%(error)s).") % {"error": type(error).__name__}
        yield problem("database", message, hint)
        return
    loader = MigrationLoader(connections[alias])
    ours = {node for node in loader.graph.nodes if node[0] == "eyeson_meetings"}
    missing = len(ours - set(loader.applied_migrations))
    if missing:
        message = ngettext(
            "%(count)d migration has not been run.",
            "%(count)d migrations have not been run.",
            missing,
        )
        yield problem("database", message % {"count": missing}, "manage.py migrate")
        return
    yield ok("database", _("The database answers, and has all tables."))


def check_database_limits() -> Iterator[Finding]:
    """Whether PostgreSQL ends transactions that sleep, and those of machines that are gone."""
    connection = connections[database_alias()]
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, setting::bigint FROM pg_settings WHERE name = ANY(%s)",
            [["idle_in_transaction_session_timeout", "tcp_keepalives_idle"]],
        )
        limits = dict(cursor.fetchall())
    is_limited = True
    if not limits["idle_in_transaction_session_timeout"]:
        is_limited = False
        yield warning(
            "database_limits",
            _("A transaction that sleeps keeps its locks for ever."),
            "ALTER ROLE … SET idle_in_transaction_session_timeout = '1min'",
        )
    # 0 by a socket of the same machine, which needs none.
    if limits["tcp_keepalives_idle"] > LONGEST_KEEPALIVE_SECONDS:
        is_limited = False
        yield warning(
            "database_limits",
            _("The database misses a machine that is gone only after %(seconds)d seconds.")
            % {"seconds": limits["tcp_keepalives_idle"]},
            "ALTER SYSTEM SET tcp_keepalives_idle = 60",
        )
    if is_limited:
        yield ok("database_limits", _("The database ends transactions that sleep."))


def _ask(alias: str) -> None:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT 1")


def check_secrets() -> Iterator[Finding]:
    """Whether the keys of today decrypt what was encrypted, oldest and newest rows of each column."""
    readable = unreadable = 0
    for model, column in encrypted_columns():
        for token in _tokens(model, column):
            try:
                crypto.decrypt(token)
            except SecretUnreadableError:
                unreadable += 1
            except (TypeError, ValueError):
                # The keys themselves are none; the system check E014 says which.
                unreadable += 1
            else:
                readable += 1
    if unreadable:
        message = ngettext(
            "%(count)d stored secret cannot be decrypted.",
            "%(count)d stored secrets cannot be decrypted.",
            unreadable,
        )
        hint = _(
            "Put the old key back: at the end of ENCRYPTION_KEYS, or the old SECRET_KEY into "
            "SECRET_KEY_FALLBACKS."
        )
        yield problem("secrets", message % {"count": unreadable}, hint)
        return
    message = ngettext(
        "%(count)d stored secret was tried and can be decrypted.",
        "%(count)d stored secrets were tried and can be decrypted.",
        readable,
    )
    yield ok("secrets", message % {"count": readable})


def _tokens(model: type[models.Model], column: str) -> Iterator[str]:
    rows = model._base_manager.exclude(**{column: ""}).values_list("pk", column)
    found = dict(chain(rows.order_by("pk")[:ROWS_TRIED], rows.order_by("-pk")[:ROWS_TRIED]))
    yield from found.values()
