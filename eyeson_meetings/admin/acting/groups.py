"""Headings under which the buttons stand."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

ROOM = gettext_lazy("Room")
MEETING = gettext_lazy("Meeting")
STAGE = gettext_lazy("Stage")
RECORDING = gettext_lazy("Recording")
BROADCAST = gettext_lazy("Broadcast")
FILES = gettext_lazy("Files")
