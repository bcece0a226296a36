"""Deliveries: the webhooks, as those who run the site see them."""

from __future__ import annotations

from rest_framework import serializers

from eyeson_meetings.models import Delivery
from eyeson_meetings.rest_api.texts import MomentField


class DeliverySerializer(serializers.Serializer[Delivery]):
    """One webhook POST. `digest`, the SHA-256 of what was sent, names it."""

    digest = serializers.CharField(read_only=True)
    account = serializers.CharField(read_only=True)
    type = serializers.CharField(read_only=True)
    state = serializers.CharField(read_only=True, help_text="received, done, ignored or dead")
    sent_at = MomentField(read_only=True, allow_null=True)
    received_at = MomentField(read_only=True)
    processed_at = MomentField(read_only=True, allow_null=True)
    attempts = serializers.IntegerField(read_only=True)
    length_bytes = serializers.IntegerField(read_only=True)
    error = serializers.CharField(read_only=True)


class DeliveryWithBodySerializer(DeliverySerializer):
    """One webhook POST, with what it said. Its secrets were never stored."""

    payload = serializers.JSONField(read_only=True, allow_null=True)
