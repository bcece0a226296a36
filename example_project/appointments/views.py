"""The pages of the site. None of them calls eyeson: they show what the site knows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin, PermissionRequiredMixin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.generic import DetailView, FormView, TemplateView

from eyeson_meetings.services.status import latest_meeting, recent_recordings, state_of

from .forms import BookingForm
from .models import Appointment

COMING_SHOWN = 100
PAST_PER_PAGE = 20
#: How long before its time an appointment is the one to join.
DUE_BEFORE = timedelta(hours=1)


class AppointmentListView(LoginRequiredMixin, TemplateView):
    """What comes, and what was."""

    template_name = "appointments/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """A constant number of queries, however many appointments there are."""
        user = self.request.user
        mine = Appointment.objects.of_user(user).for_display(user)
        past = Paginator(mine.past(), PAST_PER_PAGE)
        page = past.get_page(self.request.GET.get("page"))
        return super().get_context_data(
            coming=self._groups(mine.coming()[:COMING_SHOWN]),
            past=[self._shown(row) for row in page],
            page=page,
            **kwargs,
        )

    def _groups(self, appointments: Iterable[Appointment]) -> list[dict[str, Any]]:
        """Return those with a running meeting, then the others by the day on which they begin."""
        groups: dict[str, list[dict[str, Any]]] = {}
        for appointment in appointments:
            title = _("Running now") if appointment.is_meeting else _day_title(appointment)
            groups.setdefault(title, []).append(self._shown(appointment))
        return [{"title": title, "rows": rows} for title, rows in groups.items()]

    def _shown(self, appointment: Appointment) -> dict[str, Any]:
        is_near = appointment.starts_at <= timezone.now() + DUE_BEFORE
        return {
            "appointment": appointment,
            "other": _other(appointment, self.request.user),
            "is_due": is_near and state_of(appointment.room) != "ended",
            "recordings": len(recent_recordings(appointment.room)),
        }


class AppointmentView(LoginRequiredMixin, DetailView):
    """One appointment: its room, and what was recorded there. 404 for all but host and client."""

    template_name = "appointments/detail.html"
    context_object_name = "appointment"

    def get_queryset(self) -> QuerySet[Appointment]:
        """Those of this user."""
        user = self.request.user
        return Appointment.objects.of_user(user).for_display(user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The other person, the room, and the meeting for those who may steer it."""
        appointment, user = self.object, self.request.user
        room = appointment.room
        meeting = latest_meeting(room)
        is_open = meeting is not None and meeting.ended_at is None
        may_steer = user.is_staff and user.has_perm("eyeson_meetings.view_meeting")
        return super().get_context_data(
            other=_other(appointment, user),
            room=room,
            state=state_of(room),
            steered=meeting if is_open and may_steer else None,
            **kwargs,
        )


class MeetingView(AppointmentView):
    """The meeting itself, in a frame of this site's page. 404 for all but host and client."""

    template_name = "appointments/meeting.html"


class BookingView(LoginRequiredMixin, PermissionRequiredMixin, FormView):
    """Booking, for those who may: hosts."""

    template_name = "appointments/book.html"
    form_class = BookingForm
    permission_required = "appointments.add_appointment"

    def get_initial(self) -> dict[str, Any]:
        """The next full hour."""
        hour = timezone.localtime() + timedelta(hours=1)
        return {"starts_at": hour.replace(minute=0, second=0, microsecond=0)}

    def get_form_kwargs(self) -> dict[str, Any]:
        """Who books is the host."""
        return {**super().get_form_kwargs(), "host": self.request.user}

    def form_valid(self, form: BookingForm) -> HttpResponse:
        """Book, and show it."""
        appointment = form.save()
        messages.success(self.request, _("The appointment is booked."))
        return redirect(appointment)


def _day_title(appointment: Appointment) -> str:
    today, day = timezone.localdate(), timezone.localdate(appointment.starts_at)
    # What began yesterday, and is not over, is of today.
    if day <= today:
        return _("Today")
    if day == today + timedelta(days=1):
        return _("Tomorrow")
    return f"{date_format(day, 'l')}, {date_format(day, 'MONTH_DAY_FORMAT')}"


def _other(appointment: Appointment, user: Any) -> Any:
    return appointment.client if appointment.host_id == user.pk else appointment.host
