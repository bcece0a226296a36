"""Deliveries: the webhooks as they were kept, and mirroring one again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from eyeson_meetings import tasks
from eyeson_meetings.conf import setting
from eyeson_meetings.databases import database_alias
from eyeson_meetings.models import Delivery, Room
from eyeson_meetings.policies import policy
from eyeson_meetings.services import inbox

from .parts.base import DjangoAdmin, FactsMixin
from .parts.buttons import Button, ButtonsMixin
from .parts.filters import AccountFilter, DateFilter, DeliveryTypeFilter
from .parts.showing import NOTHING, shown_badge, shown_json, shown_link, shown_time, with_moments
from .parts.stored_files import MOST_AT_ONCE, tell_of_the_rest

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


class DeliveryAdminMixin(ButtonsMixin, FactsMixin):
    """The page of one delivery."""

    buttons = (
        Button(
            path="replay",
            label=gettext_lazy("Replay"),
            run="replay",
            may="may_replay",
            when="has_payload",
        ),
    )
    actions = ("replay_selected",)
    list_display = ("received", "type", "room", "badge", "attempts")
    list_display_links = ("received", "type")
    list_filter = ("state", DeliveryTypeFilter, AccountFilter, ("received_at", DateFilter))
    search_fields = ("room_eyeson_id", "=digest")
    fields: ClassVar[tuple[Any, ...]] = with_moments(
        Delivery,
        "type",
        "badge",
        "room",
        "eyeson_room_id",
        "account",
        "sent_at",
        "received_at",
        "processed_at",
        "attempts",
        "next_attempt_at",
        "error",
        "body",
        "length_bytes",
        "digest",
        with_seconds=True,
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the room each names, by one indexed look-up a row."""
        rooms = Room.objects.filter(
            account=OuterRef("account"), eyeson_id=OuterRef("room_eyeson_id")
        )
        return (
            super()
            .get_queryset(request)
            .annotate(
                room_pk=Subquery(rooms.values("pk")[:1]),
                room_name=Subquery(rooms.values("name")[:1]),
            )
        )

    @admin.display(description=gettext_lazy("received"), ordering="received_at")
    def received(self, delivery: Delivery) -> str:
        """When it came, to the second."""
        return shown_time(delivery.received_at, with_seconds=True)

    @admin.display(description=gettext_lazy("room"))
    def room(self, delivery: Any) -> str:
        """The room it is about, if the site knows it."""
        if delivery.room_pk is None:
            return delivery.room_eyeson_id or NOTHING
        known = Room(pk=delivery.room_pk)
        return shown_link(
            known, delivery.room_name or delivery.room_eyeson_id, self.admin_site.name
        )

    @admin.display(description=gettext_lazy("eyeson id of the room"))
    def eyeson_room_id(self, delivery: Delivery) -> str:
        """The id by which eyeson names the room."""
        return delivery.room_eyeson_id or NOTHING

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def badge(self, delivery: Delivery) -> str:
        """What became of it."""
        return shown_badge(delivery.state, delivery.get_state_display())

    @admin.display(description=gettext_lazy("body, without secrets"))
    def body(self, delivery: Delivery) -> str:
        """What eyeson sent, as it is kept."""
        return shown_json(delivery.payload)

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Who may have deliveries mirrored again."""
        is_permitted = request.user.has_perm(f"{self.opts.app_label}.replay_delivery")
        return is_permitted and policy().can_operate(request.user)

    def may_replay(self, request: HttpRequest, delivery: Delivery) -> bool:
        """Who may have this one mirrored again."""
        return self.has_replay_permission(request)

    def has_payload(self, request: HttpRequest, delivery: Delivery) -> bool:
        """There is something to mirror."""
        return delivery.payload is not None

    def replay(self, request: HttpRequest, delivery: Delivery) -> None:
        """Have the delivery mirrored again."""
        if delivery.payload is None:
            messages.warning(
                request, _("It was kept without its text: there is nothing to replay.")
            )
            return
        self._replay(request, delivery)
        mirror_soon([delivery])
        delivery.refresh_from_db()
        if setting("PROCESSING") == "inline":
            told = _("The delivery was replayed; it is %(state)s now.")
            messages.success(request, told % {"state": delivery.get_state_display()})
        else:
            messages.success(request, _("The delivery is mirrored again in a moment."))

    @admin.action(description=gettext_lazy("Replay selected deliveries"), permissions=["replay"])
    def replay_selected(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """The same for many, the oldest first."""
        rows = list(queryset.order_by("received_at", "pk")[: MOST_AT_ONCE + 1])
        done = [row for row in rows[:MOST_AT_ONCE] if row.payload is not None]
        for delivery in done:
            self._replay(request, delivery)
        mirror_soon(done)
        if done:
            messages.success(
                request,
                ngettext(
                    "%(count)d delivery is mirrored again.",
                    "%(count)d deliveries are mirrored again.",
                    len(done),
                )
                % {"count": len(done)},
            )
        tell_of_the_rest(request, rows, done)

    def _replay(self, request: HttpRequest, delivery: Delivery) -> None:
        inbox.replay(delivery=delivery)
        self.log_change(request, delivery, _("Replayed."))


class DeliveryAdmin(DeliveryAdminMixin, DjangoAdmin):
    """Deliveries in Django's own admin."""


def mirror_soon(deliveries: list[Any]) -> None:
    """Wake the workers; without any, mirror the deliveries right here, as the webhook view does."""
    if setting("PROCESSING") == "inline":
        for delivery in deliveries:
            inbox.process_delivery(delivery.pk)
    elif deliveries:
        transaction.on_commit(tasks.hint_deliveries, using=database_alias())
