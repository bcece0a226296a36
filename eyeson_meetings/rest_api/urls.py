"""The addresses of the REST API."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from . import views

app_name = "api"

router = SimpleRouter(use_regex_path=False)
router.register("rooms", views.RoomViewSet, "room")
router.register("rooms/<uuid:room_uuid>/members", views.MemberViewSet, "member")
router.register("rooms/<uuid:room_uuid>/participants", views.ParticipantViewSet, "participant")
router.register("rooms/<uuid:room_uuid>/invitations", views.InvitationViewSet, "invitation")
router.register("rooms/<uuid:room_uuid>/broadcast-targets", views.TargetViewSet, "target")
router.register("meetings", views.MeetingViewSet, "meeting")
router.register("meetings", views.StageViewSet, "stage")
router.register("meetings", views.ForwardViewSet, "forward")
router.register("recordings", views.RecordingViewSet, "recording")
router.register("snapshots", views.SnapshotViewSet, "snapshot")
router.register("files", views.RoomFileViewSet, "file")
router.register("broadcasts", views.BroadcastViewSet, "broadcast")
router.register("broadcast-targets", views.SavedTargetViewSet, "saved-target")
router.register("accounts", views.AccountViewSet, "account")
router.register("permalinks", views.PermalinkViewSet, "permalink")
router.register(
    "rooms/<uuid:room_uuid>/permalink-hosts", views.PermalinkHostViewSet, "permalink-host"
)
router.register("deliveries", views.DeliveryViewSet, "delivery")

urlpatterns = router.urls
