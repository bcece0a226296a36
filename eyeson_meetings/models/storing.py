"""What recordings and snapshots share: a file at eyeson that is to become a file of the site."""

from __future__ import annotations

import uuid as uuid_module
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.core.files.storage import InvalidStorageError, Storage, storages
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from eyeson_meetings.conf import setting
from eyeson_meetings.exceptions import ConfigurationError
from eyeson_meetings.possible_times import possible_time

from .rows import Row, RowForeignKey, RowQuerySet
from .times import ReportedTimeField, possible_time_in

#: eyeson deletes recordings and snapshots then (API reference 1.7).
KEPT_AT_EYESON = timedelta(days=14)


def media_storage() -> Storage:
    """The storage of `EYESON["STORAGE"]`. A callable, so that no path enters a migration."""
    try:
        return storages[setting("STORAGE")]
    except (InvalidStorageError, ConfigurationError):
        # Models must load and rows be saved all the same: the system check says what is missing.
        return Storage()


class _MediaFileField(models.FileField):
    """A file in the storage that settings name when it is used, not when models are loaded."""

    @property
    def storage(self) -> Storage:
        return media_storage()

    @storage.setter
    def storage(self, value: Storage) -> None:
        """Settings alone decide."""

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.FileField", args, {**options, "storage": media_storage}


def storage_name(row: StoredFile, filename: str) -> str:
    """Where a file lies: by kind and public id, never by a name that somebody typed."""
    extension = filename.rpartition(".")[2]
    return f"{row._meta.model_name}s/{row.uuid.hex[:2]}/{row.uuid}.{extension}"


class StoredFileQuerySet(RowQuerySet[Any]):
    """Which files are due to be fetched."""

    def claimable(self, now: datetime) -> StoredFileQuerySet:
        """Files that eyeson has, we have not, nobody is fetching and whose next try is due."""
        return self.filter(
            Q(lease_until=None) | Q(lease_until__lt=now),
            Q(next_attempt_at=None) | Q(next_attempt_at__lte=now),
            store_state__in=[StoredFile.StoreState.NONE, StoredFile.StoreState.FETCHING],
            available_at__isnull=False,
            deleted_remotely_at=None,
        )

    def failing(self) -> StoredFileQuerySet:
        """Return files of which the last attempt has failed and another one is to come."""
        return self.filter(
            Q(lease_until=None) | Q(lease_until__lte=timezone.now()),
            store_state__in=[StoredFile.StoreState.NONE, StoredFile.StoreState.FETCHING],
            next_attempt_at__isnull=False,
        ).exclude(error="")

    def given_up_before(self, time: datetime) -> StoredFileQuerySet:
        """Return files that the program, and not a person, gave up before `time`."""
        return self.filter(
            Q(given_up_at=None) | Q(given_up_at__lt=time),
            store_state=StoredFile.StoreState.FAILED,
            deleted_remotely_at=None,
        )

    def with_since(self, now: datetime) -> StoredFileQuerySet:
        """Annotate `since`: the time from which `lost_at` counts eyeson's 14 days; None if no time can be true."""
        columns = ("created_at", "available_at", "missing_remotely_since")
        return self.annotate(since=Coalesce(*(possible_time_in(name, now=now) for name in columns)))

    def newest_first(self) -> StoredFileQuerySet:
        """In the order of pages and lists: files of which nobody said when they were made come last."""
        return self.order_by(F("created_at").desc(nulls_last=True), "-pk")


class StoredFile(Row):
    """A file at eyeson, how far it has come to the site's own storage, and where it lies there.

    The row is the queue: a fetch claims it by one conditional UPDATE of the lease columns.
    """

    class StoreState(models.TextChoices):
        """How far the file has come to the site's own storage."""

        NONE = "none", _("not fetched")
        FETCHING = "fetching", _("fetching")
        STORED = "stored", _("stored")
        FAILED = "failed", _("failed")
        #: The site had it, for as long as RETENTION_DAYS allows.
        PRUNED = "pruned", _("deleted after its time")

    #: What `storing_state` says of a file that is fetched in vain. Computed, never stored.
    FAILING = "failing"

    uuid = models.UUIDField(_("public id"), default=uuid_module.uuid4, unique=True, editable=False)
    account = models.CharField(_("account"), max_length=64)
    eyeson_id = models.CharField(_("eyeson id"), max_length=255)
    room = RowForeignKey("eyeson_meetings.Room", on_delete=models.PROTECT, verbose_name=_("room"))
    #: Derived by the mirror.
    meeting = RowForeignKey(
        "eyeson_meetings.Meeting",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("meeting"),
    )
    #: Fact (write-once): the `started_at` of the meeting that eyeson named, if it named one.
    meeting_started_at = ReportedTimeField(null=True, blank=True, editable=False)
    #: Fact (minimum): sources may differ by a second (API reference 3.5).
    created_at = ReportedTimeField(_("created"), null=True, blank=True)
    #: Fact (minimum): when eyeson first said that the file is ready.
    available_at = ReportedTimeField(_("available"), null=True, blank=True)
    participant = RowForeignKey(
        "eyeson_meetings.Participant",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        verbose_name=_("made by"),
    )
    requested_by = RowForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("requested by"),
    )
    #: Sync did not find it in eyeson's list. Our file stays.
    #: When sync last asked for this file alone, because it was not available.
    asked_at = ReportedTimeField(null=True, blank=True, editable=False)
    missing_remotely_since = ReportedTimeField(null=True, blank=True, editable=False)
    #: When a person deleted it at eyeson through the site. The program never sets it.
    deleted_remotely_at = models.DateTimeField(null=True, blank=True, editable=False)
    #: When the program last gave the file up (eyeson's clock, if eyeson answered). A later answer, list or
    #: webhook that shows the file as available puts it back into the queue. None in rows of older versions.
    given_up_at = ReportedTimeField(null=True, blank=True, editable=False)

    store_state = models.CharField(
        _("storing"), max_length=16, choices=StoreState.choices, default=StoreState.NONE
    )
    #: Since bytes last arrived.
    attempts = models.PositiveIntegerField(_("attempts"), default=0, editable=False)
    #: Attempts in a row that eyeson answered without the file: a page, a dead link, "not found".
    content_faults = models.PositiveIntegerField(default=0, editable=False)
    next_attempt_at = models.DateTimeField(null=True, blank=True, editable=False)
    error = models.TextField(_("last error"), blank=True, editable=False)
    lease_owner = models.CharField(max_length=64, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    #: Grows by one with each claim; every write of a fetch names the fence of its own claim.
    fence = models.PositiveBigIntegerField(default=0, editable=False)
    bytes_received = models.PositiveBigIntegerField(_("bytes received"), default=0, editable=False)
    bytes_total = models.PositiveBigIntegerField(
        _("bytes in all"), null=True, blank=True, editable=False
    )
    etag = models.CharField(max_length=255, blank=True, editable=False)

    file = _MediaFileField(
        _("file"), storage=media_storage, upload_to=storage_name, max_length=255, blank=True
    )
    size_bytes = models.PositiveBigIntegerField(_("size"), null=True, blank=True, editable=False)
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True, editable=False)
    content_type = models.CharField(max_length=64, blank=True, editable=False)
    #: The server said no length, so what is stored may be a part of the file.
    is_unverified = models.BooleanField(default=False, editable=False)
    stored_at = models.DateTimeField(_("stored"), null=True, blank=True, editable=False)

    objects: ClassVar = StoredFileQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def is_stored(self) -> bool:
        """Whether the site has the file."""
        return self.store_state == self.StoreState.STORED

    @property
    def is_failing(self) -> bool:
        """Whether the last attempt to fetch the file has failed and another one is to come: `error` says why."""
        is_waiting = self.next_attempt_at is not None and not self.is_being_fetched
        return self.is_coming and bool(self.error) and is_waiting

    @property
    def storing_state(self) -> str:
        """How far the file has come to the site's own storage: a `StoreState`, or `failing`."""
        return self.FAILING if self.is_failing else self.store_state

    @property
    def store_label(self) -> str:
        """`storing_state` in words for people."""
        if self.is_failing:
            return str(_("failing"))
        if self.is_stored and self.is_unverified:
            return str(_("stored, not verified"))
        return str(self.StoreState(self.store_state).label)

    @property
    def is_coming(self) -> bool:
        """Whether the site does not have the file yet, and nothing has gone wrong for good."""
        return self.store_state in (self.StoreState.NONE, self.StoreState.FETCHING)

    @property
    def lost_at(self) -> datetime | None:
        """When eyeson deletes its copy (aware UTC), as far as we know.

        Times that cannot be true do not count. None if no time is left.
        """
        now = timezone.now()
        times = (self.created_at, self.available_at, self.missing_remotely_since)
        since = next((time for time in times if possible_time(time, now=now)), None)
        return since + KEPT_AT_EYESON if since else None

    @property
    def progress_percent(self) -> int | None:
        """How much of the file has arrived; None while the length is unknown."""
        if self.is_stored:
            return 100
        if not self.bytes_total:
            return None
        return min(100, self.bytes_received * 100 // self.bytes_total)

    @property
    def is_being_fetched(self) -> bool:
        """Whether a worker holds the claim now."""
        return self.lease_until is not None and self.lease_until > timezone.now()
