"""The webhook of an eyeson account, for those who run the site."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from rest_framework import serializers

from eyeson_meetings.client.records import Webhook
from eyeson_meetings.exceptions import ConfigurationError
from eyeson_meetings.rest_api.texts import MomentField
from eyeson_meetings.services import webhooks


class WebhookSerializer(serializers.Serializer[Webhook]):
    """Where eyeson sends what happens. Parts of the address that may be secret are left out."""

    url = serializers.SerializerMethodField(help_text="Without user name and query.")
    is_this_site = serializers.SerializerMethodField()
    types = serializers.ListField(child=serializers.CharField(), read_only=True)
    lacking = serializers.SerializerMethodField(help_text="Types that only sync finds.")
    last_request_sent_at = MomentField(read_only=True, allow_null=True)
    last_response_code = serializers.CharField(read_only=True, allow_null=True)

    def get_url(self, webhook: Webhook) -> str:
        """Somebody else may have registered it, with whatever in it."""
        try:
            parts = urlsplit(webhook.url)
        except ValueError:
            return ""
        return parts._replace(
            netloc=parts.netloc.rpartition("@")[2], query="", fragment=""
        ).geturl()

    def get_is_this_site(self, webhook: Webhook) -> bool:
        """Whether it is the address of this site's own view."""
        try:
            return webhook.url == webhooks.webhook_url()
        except ConfigurationError:
            return False

    def get_lacking(self, webhook: Webhook) -> list[str]:
        """What this site would take in, and is not sent."""
        return [name for name in webhooks.TYPES if name not in webhook.types]


class RegisteredWebhookSerializer(serializers.Serializer[Any]):
    """The one webhook of the account; null when there is none."""

    webhook = WebhookSerializer(read_only=True, allow_null=True)


class WebhookWriteSerializer(serializers.Serializer[Any]):
    """Whether the address of another site is replaced, or removed, too."""

    force = serializers.BooleanField(default=False)
