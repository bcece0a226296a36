"""Who may come in, and who is in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _
from rest_framework import serializers

from eyeson_meetings.databases import database_alias
from eyeson_meetings.models import Invitation, Participant, RoomMember
from eyeson_meetings.rest_api.participants import uuid_of
from eyeson_meetings.rest_api.texts import MomentField, NameField, refuse_far_times
from eyeson_meetings.services.entries import shown_name
from eyeson_meetings.services.guests import guest_url


class MemberSerializer(serializers.Serializer[RoomMember]):
    """A user whom the site lets into the room, by user name."""

    user = serializers.CharField(source="user.get_username", read_only=True)
    name = serializers.SerializerMethodField()
    role = serializers.ChoiceField(choices=RoomMember.Role.choices, read_only=True)

    def get_name(self, member: RoomMember) -> str:
        """The name that meetings show."""
        return shown_name(member.user)


class MemberRemovalSerializer(serializers.Serializer[Any]):
    """A user of the site, by user name."""

    user = serializers.CharField(max_length=254)

    def validate_user(self, name: str) -> Any:
        """The user. Raises ValidationError for one that the site does not have."""
        users = get_user_model()._default_manager.using(database_alias())
        user = users.filter(**{get_user_model().USERNAME_FIELD: name}).first()
        if user is None or not user.is_active:
            raise serializers.ValidationError(_("There is no such user."))
        return user


class MemberWriteSerializer(MemberRemovalSerializer):
    """Whom to let in, as what."""

    role = serializers.ChoiceField(
        choices=RoomMember.Role.choices, default=RoomMember.Role.MEMBER.value
    )


class ParticipantSerializer(serializers.Serializer[Participant]):
    """Somebody whom eyeson knows in a room, by the name that others see there."""

    uuid = serializers.SerializerMethodField(
        help_text="Names them in this API's calls; another one in every room."
    )
    name = serializers.CharField(read_only=True)
    guest = serializers.BooleanField(read_only=True)
    online = serializers.BooleanField(read_only=True)

    def get_uuid(self, participant: Participant) -> UUID:
        """Computed; eyeson's own id is not told."""
        return uuid_of(participant)


class InvitationSerializer(serializers.Serializer[Invitation]):
    """A personal guest link, without the link."""

    uuid = serializers.UUIDField(read_only=True)
    name = serializers.CharField(read_only=True)
    created_at = MomentField(read_only=True)
    expires_at = MomentField(read_only=True, allow_null=True)
    revoked_at = MomentField(read_only=True, allow_null=True)
    valid = serializers.BooleanField(
        source="is_valid", read_only=True, help_text="Neither revoked nor expired."
    )
    name_is_fixed = serializers.BooleanField(read_only=True)
    max_entries = serializers.IntegerField(read_only=True, allow_null=True)
    entries = serializers.IntegerField(
        read_only=True, help_text="In how many browsers the link was used."
    )


class NewInvitationSerializer(InvitationSerializer):
    """A personal guest link, with the link: it is shown when it is made."""

    url = serializers.SerializerMethodField()

    def get_url(self, invitation: Invitation) -> str:
        """Where the guest comes in."""
        return guest_url(invitation=invitation)


class InvitationWriteSerializer(serializers.Serializer[Any]):
    """Whom to invite, and for how long."""

    name = NameField(required=False, allow_blank=True, default="")
    expires_at = MomentField(
        required=False, allow_null=True, default=None, validators=[refuse_far_times]
    )
    name_is_fixed = serializers.BooleanField(
        default=True, help_text="The guest comes in under this name and cannot choose another one."
    )
    max_entries = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=1,
        max_value=10_000,
        help_text="In how many browsers the link can be used; null: in any number.",
    )
