"""How many people came into a room, and how often one person, within the last minute."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .rows import Row


class EntryCount(Row):
    """The entries of one subject: the new people of a room, or one person who comes back.

    It names nobody, and a prune deletes it when it is a week old.
    """

    #: What is counted, by its row: "room:7", "participant:12", "user:3".
    subject = models.CharField(max_length=64, unique=True)
    #: When they came in within the last minute, oldest first (milliseconds since 1970).
    moments = models.JSONField(default=list)
    #: Of a room: the primary key of the meeting in progress, and how many new people it has let in.
    meeting = models.BigIntegerField(null=True)
    meeting_entries = models.PositiveIntegerField(default=0)
    #: Counts the changes. One holds only if there was no other since it was read.
    version = models.PositiveBigIntegerField(default=0)
    updated_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("entry count")
        verbose_name_plural = _("entry counts")

    def __str__(self) -> str:
        return self.subject
