"""The addresses of the package. Include them with `path("meetings/", include("eyeson_meetings.urls"))`."""

from __future__ import annotations

from django.urls import include, path

from eyeson_meetings import views

app_name = "eyeson"

urlpatterns = [
    path("rooms/<uuid:uuid>/", views.JoinView.as_view(), name="join"),
    path("rooms/<uuid:uuid>/status/", views.StatusView.as_view(), name="status"),
    path("guest/<str:token>/", views.GuestView.as_view(), name="guest"),
    path("guest/<str:token>/status/", views.GuestStatusView.as_view(), name="guest-status"),
    path("recordings/<uuid:uuid>/", views.RecordingView.as_view(), name="recording"),
    path("recordings/<uuid:uuid>/file/", views.RecordingFileView.as_view(), name="recording-file"),
    path("snapshots/<uuid:uuid>/file/", views.SnapshotFileView.as_view(), name="snapshot-file"),
    path(
        "snapshots/<uuid:uuid>/thumbnail/",
        views.SnapshotThumbnailView.as_view(),
        name="snapshot-thumbnail",
    ),
    path("files/<uuid:uuid>/file/", views.RoomFileView.as_view(), name="room-file"),
    path("webhook/", views.webhook, name="webhook"),
    path("api/v1/", include("eyeson_meetings.rest_api.urls")),
]
