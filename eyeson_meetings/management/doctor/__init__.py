"""What `manage.py eyeson_doctor` looks at: eyeson, the site's neighbours, and its workers.

Unlike the system checks these go out and ask. Each part yields findings and raises nothing but
DatabaseError; none waits longer than its own limit for anybody, and none shows a secret.
"""

from .database import check_database, check_database_limits, check_secrets
from .eyeson import check_accounts
from .findings import Finding, Level
from .jobs import check_jobs
from .neighbours import check_public_url, check_storage, check_stored_files
from .observers import check_observers, check_people
from .participants import check_hosts, check_pairs
from .workers import (
    check_broker,
    check_channel_layer,
    check_deliveries,
    check_rounds,
)

__all__ = [
    "Finding",
    "Level",
    "check_accounts",
    "check_broker",
    "check_channel_layer",
    "check_database",
    "check_database_limits",
    "check_deliveries",
    "check_hosts",
    "check_jobs",
    "check_observers",
    "check_pairs",
    "check_people",
    "check_public_url",
    "check_rounds",
    "check_secrets",
    "check_storage",
    "check_stored_files",
]
