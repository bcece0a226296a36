"""Snapshots: how far each is, the picture itself once it is here, fetching one again, deleting one at eyeson."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eyeson_meetings.models import Snapshot
from eyeson_meetings.policies import policy
from eyeson_meetings.services import deleting

from .parts.base import DjangoAdmin
from .parts.deleting import DeletedAtEyesonMixin
from .parts.showing import NOTHING, shown_thumbnail, with_moments

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


class SnapshotAdminMixin(DeletedAtEyesonMixin):
    """The page of one snapshot."""

    list_display = ("thumbnail", "room", "created", "badge", "progress_or_reason")
    list_display_links = ("room", "created")
    fields: ClassVar[tuple[Any, ...]] = with_moments(
        Snapshot,
        "picture",
        "room",
        "meeting",
        "badge",
        "progress",
        "trouble",
        "created_at",
        "deadline",
        "stored_at",
        "participant",
        "requested_by",
        "sha256",
        "eyeson_id",
        "uuid",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the members of the rooms, whom the policy looks at for each picture."""
        return super().get_queryset(request).prefetch_related("room__members")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list; each of its rows knows whether this user may see the picture."""
        changelist: Any = super().get_changelist_instance(request)
        for snapshot in changelist.result_list:
            snapshot.is_visible = policy().can_download(request.user, snapshot.room)
        return changelist

    @admin.display(description=gettext_lazy("picture"))
    def thumbnail(self, snapshot: Any) -> str:
        """The picture, small."""
        return shown_thumbnail(snapshot) if getattr(snapshot, "is_visible", False) else NOTHING

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The picture only where there is one, for those who may see it."""
        can_see = (
            obj is not None and obj.is_stored and policy().can_download(request.user, obj.room)
        )
        left_out = set() if can_see else {"picture"}
        if obj is not None and not obj.error:
            left_out.add("trouble")
        return [name for name in self.fields if name not in left_out]

    @admin.display(description=gettext_lazy("picture"))
    def picture(self, snapshot: Snapshot) -> str:
        """The site's own copy."""
        address = reverse("eyeson:snapshot-file", args=[snapshot.uuid])
        return format_html(
            '<a href="{}"><img class="eyeson-picture" src="{}" alt="{}"></a>',
            address,
            address,
            _("Picture of the meeting"),
        )

    def ask_to_delete(self, request: HttpRequest, row: Any) -> None:
        """Have eyeson delete the snapshot."""
        deleting.delete_snapshot(snapshot=row, user=request.user)


class SnapshotAdmin(SnapshotAdminMixin, DjangoAdmin):
    """Snapshots in Django's own admin."""
