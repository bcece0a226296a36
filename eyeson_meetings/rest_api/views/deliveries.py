"""Deliveries, for those who run the site."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from eyeson_meetings import tasks
from eyeson_meetings.conf import setting
from eyeson_meetings.databases import database_alias
from eyeson_meetings.models import Delivery
from eyeson_meetings.policies import policy
from eyeson_meetings.rest_api import filters, serializers
from eyeson_meetings.rest_api.errors import NotAvailableError
from eyeson_meetings.services import inbox

from .base import WRITE, ApiViewSet, Endpoint


class DeliveryPermission(BasePermission):
    """Staff with the permissions that the admin asks for: to see deliveries, and to replay them.

    The policy is asked too who may replay them.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether this user may do that with deliveries."""
        user = request.user
        wanted = "replay_delivery" if view.action == "replay" else "view_delivery"
        if not (user.is_staff and user.has_perm(f"eyeson_meetings.{wanted}")):
            return False
        return view.action != "replay" or policy().can_operate(user)


class DeliveryViewSet(ApiViewSet):
    """Deliveries."""

    permission_classes = [IsAuthenticated, DeliveryPermission]
    queryset = Delivery.objects.all()
    filterset_class = filters.DeliveryFilter
    lookup_field = "digest"
    lookup_value_converter = "str"
    endpoints = {
        "list": Endpoint(
            summary="The webhooks that came. For staff who may view deliveries.",
            answers=serializers.DeliverySerializer,
        ),
        "retrieve": Endpoint(
            summary="One webhook, with its body. For staff who may view deliveries.",
            answers=serializers.DeliveryWithBodySerializer,
        ),
        "replay": Endpoint(
            summary="Have a webhook mirrored again. For staff who may replay deliveries.",
            answers=serializers.DeliverySerializer,
            scope=WRITE,
            may_conflict=True,
        ),
    }

    def list(self, request: Request) -> Response:
        """A page of deliveries."""
        return self.page(Delivery.objects.defer("payload"))

    def retrieve(self, request: Request, digest: str) -> Response:
        """The delivery."""
        return self.answer(self._delivery(digest))

    @action(detail=True, methods=["post"])
    def replay(self, request: Request, digest: str) -> Response:
        """The delivery as it is then; 409 for one that was kept without its body."""
        delivery = self._delivery(digest)
        if delivery.payload is None:
            raise NotAvailableError(_("It was kept without its text: there is nothing to replay."))
        inbox.replay(delivery=delivery)
        if setting("PROCESSING") == "inline":
            inbox.process_delivery(delivery.pk)
            delivery.refresh_from_db()
        else:
            transaction.on_commit(tasks.hint_deliveries, using=database_alias())
        return self.answer(delivery)

    def _delivery(self, digest: str) -> Delivery:
        # The same bytes, signed by two accounts, are two deliveries; the newer one is meant.
        known = Delivery.objects.filter(digest=digest[:64]) if "\0" not in digest else None
        delivery = known.order_by("-pk").first() if known is not None else None
        if delivery is None:
            raise NotFound
        return delivery
