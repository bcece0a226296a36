"""The site's eyeson accounts, for those who run it: their webhooks, and asking eyeson for what was missed."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from eyeson_meetings import conf, tasks
from eyeson_meetings.databases import database_alias
from eyeson_meetings.models import SyncRun
from eyeson_meetings.policies import policy
from eyeson_meetings.rest_api import serializers
from eyeson_meetings.services import webhooks

from .base import CALL, WRITE, ApiViewSet, Endpoint


class AccountPermission(BasePermission):
    """Staff who may have eyeson asked, as in the admin, and may operate by the policy."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether this user may do anything with accounts."""
        user = request.user
        is_permitted = user.is_staff and user.has_perm("eyeson_meetings.change_syncrun")
        return bool(is_permitted and policy().can_operate(user))


class AccountViewSet(ApiViewSet):
    """Accounts, by the alias that settings give them."""

    permission_classes = [IsAuthenticated, AccountPermission]
    queryset = SyncRun.objects.all()
    lookup_field = "account"
    lookup_value_converter = "str"
    endpoints = {
        "check_webhook": Endpoint(
            summary="Ask eyeson where it sends what happens. For staff who may change sync runs.",
            answers=serializers.RegisteredWebhookSerializer,
            scope=CALL,
        ),
        "register_webhook": Endpoint(
            summary="Have eyeson send it to this site. For staff who may change sync runs.",
            takes=serializers.WebhookWriteSerializer,
            answers=serializers.RegisteredWebhookSerializer,
            scope=CALL,
        ),
        "unregister_webhook": Endpoint(
            summary="Have eyeson send nothing any more. For staff who may change sync runs.",
            takes=serializers.WebhookWriteSerializer,
            status=204,
            scope=CALL,
        ),
        "sync": Endpoint(
            summary="Have eyeson asked for what was missed, soon. For staff who may change sync runs.",
            status=202,
            scope=WRITE,
        ),
    }

    # POST although it changes nothing: no GET of the site asks eyeson.
    @action(detail=True, methods=["post"], url_path="check-webhook")
    def check_webhook(self, request: Request, account: str) -> Response:
        """The webhook, as eyeson knows it."""
        return self.answer({"webhook": webhooks.webhook_status(self._alias(account))})

    @action(detail=True, methods=["post"], url_path="register-webhook")
    def register_webhook(self, request: Request, account: str) -> Response:
        """What eyeson kept; 409 when another site is registered and `force` is not given."""
        kept = webhooks.register_webhook(self._alias(account), **self.body())
        return self.answer({"webhook": kept})

    @action(detail=True, methods=["post"], url_path="unregister-webhook")
    def unregister_webhook(self, request: Request, account: str) -> Response:
        """204, also when none was registered; 409 as above."""
        webhooks.unregister_webhook(self._alias(account), **self.body())
        return self.answer()

    @action(detail=True, methods=["post"])
    def sync(self, request: Request, account: str) -> Response:
        """202: a worker does it."""
        hint = partial(tasks.hint_sync, self._alias(account))
        transaction.on_commit(hint, using=database_alias())
        return self.answer()

    def _alias(self, account: str) -> str:
        """The alias. Raises NotFound for one that settings do not have."""
        if account not in conf.account_aliases():
            raise NotFound
        return account
