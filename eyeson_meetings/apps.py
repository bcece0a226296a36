"""The Django app."""

from __future__ import annotations

from django.apps import AppConfig, apps
from django.utils.translation import gettext_lazy as _


class EyesonMeetingsConfig(AppConfig):
    """eyeson video meetings for a Django site."""

    name = "eyeson_meetings"
    verbose_name = _("Video meetings")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks and the receivers that enqueue work and show changes."""
        # Imports in here because models are not loaded before `ready`.
        from eyeson_meetings import checks, tasks  # noqa: F401
        from eyeson_meetings.live import receivers  # noqa: F401

        if apps.is_installed("drf_spectacular"):
            from eyeson_meetings.rest_api import openapi  # noqa: F401
