"""Recordings, snapshots and files of meetings: list them, have one fetched again, delete one at eyeson."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from eyeson_meetings import tasks
from eyeson_meetings.databases import database_alias
from eyeson_meetings.models import Recording, RoomFile, Snapshot
from eyeson_meetings.policies import policy
from eyeson_meetings.rest_api import filters, serializers
from eyeson_meetings.rest_api.errors import NotAvailableError
from eyeson_meetings.services import deleting, files, media

from .base import CALL, WRITE, ApiViewSet, Endpoint


class StoredFileViewSet(ApiViewSet):
    """Files that come from eyeson."""

    model: ClassVar[type[Recording] | type[Snapshot] | type[RoomFile]]
    http_method_names = ["get", "head", "post", "delete"]

    def get_queryset(self) -> QuerySet[Any]:
        """Files of rooms that this user may see, with what the policy wants to know of them."""
        return self._rows().filter(room__in=self.rooms())

    def list(self, request: Request) -> Response:
        """A page of files."""
        return self.page(self.get_queryset())

    def retrieve(self, request: Request, uuid: UUID) -> Response:
        """The file, as far as it is."""
        return self.answer(self._row(uuid))

    @action(detail=True, methods=["post"])
    def fetch(self, request: Request, uuid: UUID) -> Response:
        """The row as it is then; 409 for a file that eyeson has not finished."""
        row = self._row(uuid)
        self.require("record", room=row.room)
        if row.available_at is None:
            raise NotAvailableError(_("eyeson has not finished this file yet."))
        if media.fetch_again(row=row):
            transaction.on_commit(lambda: tasks.hint_fetch(row), using=database_alias())
        return self.answer(row)

    def may_see(self, row: Any) -> bool:
        """Whether the policy shows `row` to this user."""
        return policy().can_view(self.request.user, row.room)

    def _rows(self) -> QuerySet[Any]:
        rows = self.model.objects.select_related("room", "meeting")
        return rows.prefetch_related("room__members")

    def _row(self, uuid: UUID) -> Any:
        row = self._rows().filter(uuid=uuid).first()
        if row is None or not self.may_see(row):
            raise NotFound
        return row


class RecordingViewSet(StoredFileViewSet):
    """Recordings."""

    model = Recording
    queryset = Recording.objects.all()
    filterset_class = filters.RecordingFilter
    endpoints = {
        "list": Endpoint(
            summary="The recordings of the rooms that you may see.",
            answers=serializers.RecordingSerializer,
        ),
        "retrieve": Endpoint(summary="One recording.", answers=serializers.RecordingSerializer),
        "destroy": Endpoint(
            summary="Delete it at eyeson; the site's own copy stays. For who may record.",
            status=204,
            scope=CALL,
        ),
        "fetch": Endpoint(
            summary="Have the file fetched again, whatever happened to it. For who may record.",
            answers=serializers.RecordingSerializer,
            scope=WRITE,
            may_conflict=True,
        ),
    }

    def destroy(self, request: Request, uuid: UUID) -> Response:
        """204, also when it was not there any more; 409 while it runs."""
        row = self._row(uuid)
        self.require("record", room=row.room)
        if row.remote_state == Recording.RemoteState.RECORDING:
            raise NotAvailableError(_("This recording still runs. Stop it first."))
        deleting.delete_recording(recording=row, user=request.user)
        return self.answer()

    def may_see(self, row: Any) -> bool:
        """Also who may watch it without seeing the room."""
        return super().may_see(row) or policy().can_watch(self.request.user, row)


class SnapshotViewSet(StoredFileViewSet):
    """Snapshots."""

    model = Snapshot
    queryset = Snapshot.objects.all()
    filterset_class = filters.SnapshotFilter
    endpoints = {
        "list": Endpoint(
            summary="The snapshots of the rooms that you may see.",
            answers=serializers.SnapshotSerializer,
        ),
        "retrieve": Endpoint(summary="One snapshot.", answers=serializers.SnapshotSerializer),
        "destroy": Endpoint(
            summary="Delete it at eyeson; the site's own copy stays. For who may record.",
            status=204,
            scope=CALL,
        ),
        "fetch": Endpoint(
            summary="Have the file fetched again, whatever happened to it. For who may record.",
            answers=serializers.SnapshotSerializer,
            scope=WRITE,
            may_conflict=True,
        ),
    }

    def destroy(self, request: Request, uuid: UUID) -> Response:
        """204, also when it was not there any more."""
        row = self._row(uuid)
        self.require("record", room=row.room)
        deleting.delete_snapshot(snapshot=row, user=request.user)
        return self.answer()


class RoomFileViewSet(StoredFileViewSet):
    """Files that people put into meetings. Uploading one is the meeting's part."""

    model = RoomFile
    queryset = RoomFile.objects.all()
    filterset_class = filters.RoomFileFilter
    endpoints = {
        "list": Endpoint(
            summary="The files in meetings of the rooms that you may see.",
            answers=serializers.RoomFileSerializer,
        ),
        "retrieve": Endpoint(summary="One file.", answers=serializers.RoomFileSerializer),
        "destroy": Endpoint(
            summary="Take the file out of the meeting; the site's own copy stays. For who may moderate.",
            status=204,
            scope=CALL,
        ),
        "fetch": Endpoint(
            summary="Have the file fetched again, whatever happened to it. For who may record.",
            answers=serializers.RoomFileSerializer,
            scope=WRITE,
            may_conflict=True,
        ),
    }

    def destroy(self, request: Request, uuid: UUID) -> Response:
        """204, also when it was not in there any more."""
        row = self._row(uuid)
        self.require("moderate", room=row.room)
        files.delete_file(room_file=row, user=request.user)
        return self.answer()
