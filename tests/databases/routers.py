"""Routers as the documentation of Django has them."""

from __future__ import annotations

from typing import Any


class PrimaryReplicaRouter:
    """Writes to `default`, and reads from a replica."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "replica"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default"

    def allow_relation(self, first: Any, second: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return True


class OtherRouter:
    """Everything is in `other`, where `default` is no database."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "other"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "other"

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == "other"


class AuthRouter:
    """Users have a database of their own."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return "auth_db" if model._meta.app_label in ("auth", "contenttypes") else None

    db_for_write = db_for_read
