"""Appointments in admin, one click from their rooms."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from eyeson_meetings.admin import AccessibleAdminMixin

from .models import Appointment


@admin.register(Appointment)
class AppointmentAdmin(AccessibleAdminMixin, admin.ModelAdmin):
    """They are booked on the site's own page, which makes the room too."""

    list_display = ("topic", "starts_at", "host", "client", "met_at")
    list_select_related = ("host", "client")
    list_filter = ("starts_at",)
    search_fields = ("topic", "host__last_name", "client__last_name")
    date_hierarchy = "starts_at"
    fields = ("topic", "host", "client", "room", "starts_at", "ends_at", "met_at")
    readonly_fields = ("host", "client", "room", "met_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody, here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: the room and its recordings would be left without their appointment."""
        return False
