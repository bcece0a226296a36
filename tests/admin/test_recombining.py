"""The mixins in another admin site, with another ModelAdmin: as sites with Unfold or Jazzmin use them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import include, path

from eyeson_meetings import admin as eyeson_admin
from eyeson_meetings.models import Meeting, Recording, Room, Snapshot
from eyeson_meetings.sandbox.server import SandboxServer
from tests.factories import SnapshotFactory

from .conftest import come_in, logged

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


class OtherModelAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """What another admin brings."""


class OtherRoomAdmin(eyeson_admin.RoomAdminMixin, OtherModelAdmin):
    """Rooms over there."""


class OtherMeetingAdmin(eyeson_admin.MeetingAdminMixin, OtherModelAdmin):
    """Meetings over there."""


class OtherRecordingAdmin(eyeson_admin.RecordingAdminMixin, OtherModelAdmin):
    """Recordings over there."""


class OtherSnapshotAdmin(eyeson_admin.SnapshotAdminMixin, OtherModelAdmin):
    """Snapshots over there."""


site = admin.AdminSite(name="other")
site.register(Room, OtherRoomAdmin)
site.register(Meeting, OtherMeetingAdmin)
site.register(Recording, OtherRecordingAdmin)
site.register(Snapshot, OtherSnapshotAdmin)

urlpatterns = [
    path("other/", site.urls),
    path("admin/", admin.site.urls),
    path("meetings/", include("eyeson_meetings.urls")),
]


def test_pages_and_buttons_stay_in_their_own_site(
    root: Client, room: Room, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    page = f"/other/eyeson_meetings/room/{room.pk}/"

    shown = root.get(f"{page}change/").content.decode()
    assert f'formaction="{page}open/"' in shown
    assert f'href="{page}end/"' in shown
    assert f"/other/eyeson_meetings/meeting/{meeting.pk}/change/" in shown
    assert "/admin/eyeson_meetings/" not in shown

    (ada,) = come_in(room, sandbox_account, "Ada")
    news = root.get(f"{page}now/").content.decode()
    assert f'href="{page}kick/?person={ada.pk}"' in news
    playing = root.post(f"{page}playbacks/").content.decode()
    assert f'href="{page}play/"' in playing
    assert "/admin/eyeson_meetings/" not in news + playing

    question = root.get(f"{page}end/").content.decode()
    assert f"{page}change/" in question
    assert "/admin/eyeson_meetings/" not in question

    response = root.post(f"{page}end/")
    assert response.headers["Location"] == f"{page}change/"
    assert logged(room) == ["Ended the meeting for all."]


@pytest.mark.parametrize("kind", ["room", "meeting", "recording", "snapshot"])
def test_lists_work_over_there(root: Client, room: Room, kind: str) -> None:
    SnapshotFactory()

    assert root.get(f"/other/eyeson_meetings/{kind}/").status_code == 200


@pytest.mark.parametrize("name", eyeson_admin.__all__)
def test_every_class_is_offered_and_made_of_its_mixin(name: str) -> None:
    offered: Any = getattr(eyeson_admin, name)

    if name.endswith("Mixin"):
        assert not issubclass(offered, admin.ModelAdmin | admin.TabularInline)
    else:
        assert issubclass(offered, getattr(eyeson_admin, f"{name}Mixin"))
        assert issubclass(offered, admin.ModelAdmin)
