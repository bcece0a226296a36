"""The addresses of the appointments."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "appointments"

urlpatterns = [
    path("", views.AppointmentListView.as_view(), name="list"),
    path("new/", views.BookingView.as_view(), name="book"),
    path("<int:pk>/", views.AppointmentView.as_view(), name="detail"),
    path("<int:pk>/meeting/", views.MeetingView.as_view(), name="meeting"),
]
