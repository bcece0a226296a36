"""The queue of files to bring home, which is the rows themselves: what is due, and what is put into it again."""

from __future__ import annotations

from django.db.models import F, Q
from django.utils import timezone

from eyeson_meetings.conf import fetches
from eyeson_meetings.models import Recording, RoomFile, Snapshot

from .claims import FileModel, FileRow

#: Kinds of rows, and the names that `EYESON["FETCH"]` and `["RETENTION_DAYS"]` have for them.
KINDS: dict[FileModel, str] = {Recording: "recordings", Snapshot: "snapshots", RoomFile: "files"}
MODELS: tuple[FileModel, ...] = tuple(KINDS)


def due(*, limit: int = 100) -> list[FileRow]:
    """Files to fetch now, those that eyeson deletes first at the front; at most `limit`.

    Files of meetings that run may be gone at any moment, so they are the first. Kinds that
    `EYESON["FETCH"]` leaves out are only continued, when somebody has begun them.
    """
    now = timezone.now()
    rows: list[FileRow] = []
    for model, kind in KINDS.items():
        wanted = Q() if fetches(kind) else Q(store_state=model.StoreState.FETCHING)
        claimable = model.objects.claimable(now).filter(wanted).select_related("meeting")
        by_deadline = F("since").asc(nulls_first=True)
        rows += claimable.with_since(now).order_by(by_deadline, "pk")[:limit]
    return sorted(rows, key=lambda row: row.lost_at or now)[:limit]


def fetch_again(*, row: FileRow) -> bool:
    """Let the row be fetched anew, at once, whatever happened to it so far.

    Returns False, and changes nothing, when its file is in the storage or is being fetched right now.
    """
    row.refresh_from_db()
    if row.is_being_fetched or _is_in_storage(row):
        return False
    idle = Q(lease_until=None) | Q(lease_until__lt=timezone.now())
    # What is not fetched without being asked for counts as begun: this is the asking.
    is_wanted = fetches(KINDS[type(row)])
    # Of a file that people uploaded this is no finding of ours, but what eyeson says.
    found = {} if isinstance(row, RoomFile) else {"content_type": ""}
    reset = (
        type(row)
        .objects.filter(idle, pk=row.pk, fence=row.fence)
        .update(
            store_state=row.StoreState.NONE if is_wanted else row.StoreState.FETCHING,
            fence=F("fence") + 1,
            attempts=0,
            content_faults=0,
            next_attempt_at=None,
            lease_until=None,
            error="",
            deleted_remotely_at=None,
            given_up_at=None,
            missing_remotely_since=None,
            bytes_received=0,
            bytes_total=None,
            etag="",
            file="",
            size_bytes=None,
            sha256="",
            is_unverified=False,
            stored_at=None,
            **found,
        )
    )
    row.refresh_from_db()
    return bool(reset)


def _is_in_storage(row: FileRow) -> bool:
    """Return whether a file is where the row says; a directory is none."""
    if not (row.is_stored and row.file.name and row.file.storage.exists(row.file.name)):
        return False
    try:
        row.file.storage.open(row.file.name, "rb").close()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return False
    except OSError:
        # There is something, which another process may be able to read.
        return True
    return True
