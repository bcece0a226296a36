"""Permalinks: rooms that eyeson itself knows between meetings, and who may start a meeting in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from eyeson_meetings import crypto

from .participants import Participant
from .rooms import Room
from .rows import Row, RowForeignKey
from .times import ReportedTimeField

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.base_user import AbstractBaseUser


class Permalink(Row):
    """What makes a room a permalink room: its `eyeson_id` is the permalink's id (API reference 6).

    One enters such a room by a host's user token, or as a guest while a meeting runs. Its links at eyeson
    are shown to nobody: people use the site's own.
    """

    class State(models.TextChoices):
        """Whether meetings can be started. Computed, never stored."""

        VALID = "valid", _("in use")
        EXPIRED = "expired", _("expired")
        MISSING = "missing", _("not found at eyeson")
        DELETED = "deleted", _("deleted")

    room = models.OneToOneField(
        Room, on_delete=models.PROTECT, related_name="permalink", verbose_name=_("room")
    )
    #: Fact (minimum): when eyeson made it.
    created_at = ReportedTimeField(_("created"), null=True, blank=True)
    #: Facts: as eyeson last said at `observed_at`, by its own clock. The last writer wins.
    name = models.CharField(_("name at eyeson"), max_length=255, blank=True)
    #: No meeting can be started after it; None: always. One that runs then goes on.
    expires_at = ReportedTimeField(_("expires"), null=True, blank=True)
    observed_at = ReportedTimeField(_("last heard of"), null=True, blank=True, editable=False)
    #: eyeson did not show it when it was last asked. The room and all its history stay.
    missing_remotely_since = ReportedTimeField(null=True, blank=True, editable=False)
    #: The site had eyeson delete it.
    deleted_at = models.DateTimeField(_("deleted"), null=True, blank=True, editable=False)
    #: The options that eyeson was last told: what differs from them is sent before the next join.
    options_sent = models.JSONField(default=dict, blank=True, editable=False)

    class Meta:
        verbose_name = _("permalink")
        verbose_name_plural = _("permalinks")

    def __str__(self) -> str:
        return str(self.room)

    @property
    def state(self) -> Permalink.State:
        """Whether it works, as far as the site knows now."""
        if self.deleted_at is not None:
            return self.State.DELETED
        if self.missing_remotely_since is not None:
            return self.State.MISSING
        return self.State.EXPIRED if self.is_expired_at(timezone.now()) else self.State.VALID

    def is_expired_at(self, moment: datetime) -> bool:
        """Whether no meeting can be started at `moment` (aware) any more."""
        return self.expires_at is not None and self.expires_at <= moment


class PermalinkHost(Row):
    """Somebody for whom the site holds a user token: who may start meetings in the room.

    eyeson lists no hosts, so there may be others, made elsewhere.
    """

    permalink = RowForeignKey(
        Permalink, on_delete=models.CASCADE, related_name="hosts", verbose_name=_("permalink")
    )
    #: A user of the site, or the participant through whom the site itself acts.
    participant = models.OneToOneField(
        Participant,
        on_delete=models.CASCADE,
        related_name="permalink_host",
        verbose_name=_("participant"),
    )
    #: As eyeson was told: entering by the token tells it no name.
    name = models.CharField(_("name"), max_length=255)
    user_token_encrypted = models.TextField(editable=False)
    added_at = models.DateTimeField(_("added"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("permalink host")
        verbose_name_plural = _("permalink hosts")

    def __str__(self) -> str:
        return self.name

    @property
    def user(self) -> AbstractBaseUser | None:
        """The user of the site, if it is one."""
        return self.participant.user

    @property
    def user_token(self) -> str:
        """The token itself. Raises SecretUnreadableError."""
        return crypto.decrypt(self.user_token_encrypted)

    @user_token.setter
    def user_token(self, token: str) -> None:
        self.user_token_encrypted = crypto.encrypt(token)
