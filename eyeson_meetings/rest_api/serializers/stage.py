"""What a meeting is to show and play. Addresses may be signed, so no answer repeats one."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from rest_framework import serializers
from rest_framework.fields import empty

from eyeson_meetings.client.records import Playback
from eyeson_meetings.rest_api.participants import ParticipantField, people_of
from eyeson_meetings.services import stage, values

ADDRESS = "http:// or https://. eyeson fetches it; it is in no answer."


class AddressField(serializers.CharField):
    """An address that may be signed."""

    def __init__(self, **options: Any) -> None:
        told = {"write_only": True, "max_length": values.LONGEST_ADDRESS, "help_text": ADDRESS}
        super().__init__(**{**told, **options})


class OwnIdField(serializers.CharField):
    """An id that the caller chose. Blanks at its ends stay, so that the service refuses them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": values.LONGEST_NAME, "trim_whitespace": False, **options})


class FormBooleanField(serializers.BooleanField):
    """True or false, also in a form, where REST framework's own takes what is missing for false."""

    default_empty_html = empty


class PositionSerializer(serializers.Serializer[Any]):
    """A place in the picture, in pixels."""

    x = serializers.IntegerField(min_value=0, max_value=values.WIDTH)
    y = serializers.IntegerField(min_value=0, max_value=values.HEIGHT)
    width = serializers.IntegerField(min_value=1, max_value=values.WIDTH)
    height = serializers.IntegerField(min_value=1, max_value=values.HEIGHT)
    fit = serializers.ChoiceField(choices=values.FITS, required=False)

    def to_internal_value(self, data: Any) -> Any:
        """x, y, width, height and perhaps how it fits, in this order."""
        position = super().to_internal_value(data)
        return [position[name] for name in self.fields if name in position]


class PointSerializer(serializers.Serializer[Any]):
    """A point in the picture, in pixels."""

    x = serializers.FloatField(min_value=0, max_value=values.WIDTH)
    y = serializers.FloatField(min_value=0, max_value=values.HEIGHT)

    def to_internal_value(self, data: Any) -> Any:
        """x and y."""
        point = super().to_internal_value(data)
        return point["x"], point["y"]


class LayoutSerializer(serializers.Serializer[Any]):
    """Who is seen where. What is left out stays as it is."""

    layout = serializers.ChoiceField(choices=stage.LAYOUTS, default="custom")
    name = serializers.CharField(
        max_length=values.LONGEST_NAME,
        required=False,
        allow_blank=True,
        help_text="One of eyeson's layouts, such as four, or any with positions; empty: none.",
    )
    users = serializers.ListField(
        child=serializers.CharField(
            max_length=values.LONGEST_NAME, allow_null=True, allow_blank=True
        ),
        max_length=values.MOST_PEOPLE,
        required=False,
        help_text="One a place: uuid of a participant, play_id, or null for nobody; []: none any more.",
    )
    positions = PositionSerializer(
        many=True, required=False, help_text="1 to 10 places, all inside the picture."
    )
    show_names = serializers.BooleanField(required=False)
    voice_activation = serializers.BooleanField(
        required=False, help_text="For the automatic layout: who speaks takes a free place."
    )
    audio_insert = serializers.ChoiceField(choices=stage.AUDIO_INSERTS, required=False)
    audio_insert_position = PointSerializer(required=False)

    def validate_users(self, names: list[str | None]) -> list[Any]:
        """Participants for their UUIDs, and all else as it is."""
        people = {str(uuid): one for uuid, one in people_of(self.context["meeting"].room).items()}
        return [people.get((name or "").lower(), name) for name in names]


class LayerTextSerializer(serializers.Serializer[Any]):
    """A simple box of text."""

    title = serializers.CharField(max_length=values.LONGEST_NAME, required=False, allow_blank=True)
    content = serializers.CharField(
        max_length=stage.LONGEST_LAYER_TEXT, required=False, allow_blank=True
    )
    icon = AddressField(required=False)

    def to_internal_value(self, data: Any) -> Any:
        """The box."""
        return stage.LayerText(**super().to_internal_value(data))


class LayerSerializer(serializers.Serializer[Any]):
    """A picture by its address, or a text, but not both."""

    url = AddressField(required=False)
    text = LayerTextSerializer(required=False)
    foreground = serializers.BooleanField(default=True, help_text="False: behind the video.")


class LayerUploadSerializer(serializers.Serializer[Any]):
    """A picture to lay over or behind the video, as multipart/form-data."""

    file = serializers.FileField(help_text="PNG, JPEG or WebP of 16 MiB at most.")
    foreground = FormBooleanField(default=True, help_text="False: behind the video.")


class LayerPlaceSerializer(serializers.Serializer[Any]):
    """Which of the two layers."""

    foreground = serializers.BooleanField(default=True, help_text="False: behind the video.")


class PlaybackStartSerializer(serializers.Serializer[Any]):
    """What to play."""

    url = AddressField()
    name = serializers.CharField(max_length=values.LONGEST_NAME, required=False, allow_blank=True)
    play_id = OwnIdField(required=False, help_text="A name of your own for it.")
    replaced = ParticipantField(
        required=False, help_text="The uuid of the participant in whose place it is seen."
    )
    audio = serializers.BooleanField(default=True)
    loop_count = serializers.IntegerField(
        min_value=-1,
        max_value=stage.MOST_LOOPS,
        default=0,
        help_text="Repetitions: 0 plays once, -1 without an end.",
    )


class PlayIdSerializer(serializers.Serializer[Any]):
    """Which playback."""

    play_id = OwnIdField()


class PlaybackSerializer(serializers.Serializer[Playback]):
    """Something that plays, without its address."""

    play_id = serializers.CharField(read_only=True)
    name = serializers.SerializerMethodField()
    replaced = serializers.SerializerMethodField(help_text="In whose place it is seen.")
    audio = serializers.BooleanField(read_only=True, allow_null=True)
    loop_count = serializers.IntegerField(read_only=True, allow_null=True)

    def get_name(self, playback: Playback) -> str:
        """As whoever started it calls it."""
        return playback.name or ""

    def get_replaced(self, playback: Playback) -> UUID | None:
        """The UUID of a participant."""
        room = self.context["room"]
        return uuid5(room.uuid, playback.replacement_id) if playback.replacement_id else None


class PlaybacksSerializer(serializers.Serializer[Any]):
    """What plays in a meeting."""

    playbacks = PlaybackSerializer(many=True, read_only=True)


class MessageSerializer(serializers.Serializer[Any]):
    """What to say to all who are in the meeting."""

    text = serializers.CharField(
        max_length=values.LONGEST_MESSAGE_BYTES, trim_whitespace=False, help_text="30 KiB at most."
    )
    type = serializers.ChoiceField(
        choices=stage.MESSAGE_TYPES, default="chat", help_text="custom: for programs, not shown."
    )


class SlideSerializer(serializers.Serializer[Any]):
    """A slide to show."""

    slide = AddressField(help_text="A PNG. " + ADDRESS)


class KickSerializer(serializers.Serializer[Any]):
    """Whom to throw out."""

    participant = ParticipantField(help_text="The uuid of a participant of the room.")
