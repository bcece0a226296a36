"""The app."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AppointmentsConfig(AppConfig):
    """Consulting hours."""

    name = "example_project.appointments"
    verbose_name = _("Consulting hours")

    def ready(self) -> None:
        """Listen to what eyeson_meetings says."""
        # In here because models are not loaded before `ready`.
        from . import receivers  # noqa: F401
