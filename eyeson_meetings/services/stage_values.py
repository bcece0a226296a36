"""Layouts and boxes of text, checked before anybody is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from eyeson_meetings.exceptions import ValueRefusedError
from eyeson_meetings.models import Meeting, Participant

from . import values

LAYOUTS = ("custom", "auto")
AUDIO_INSERTS = ("enabled", "disabled", "audio_only")
#: Of the text in a layer, in characters.
LONGEST_LAYER_TEXT = 2000


@dataclass(frozen=True, kw_only=True)
class LayerText:
    """A simple box of text over the video (API reference 11.1). eyeson's documents have it no longer."""

    title: str = ""
    content: str = ""
    #: The address of a small picture. It may be signed.
    icon: str = field(default="", repr=False)


def refuse_layout(
    layout: str, name: str | None, voice_activation: bool | None, audio_insert: str | None
) -> None:
    """Raises ValueRefusedError for a layout that cannot be."""
    values.one_of(layout, LAYOUTS, field="layout")
    if name:
        values.plain_text(name, field="name")
    if voice_activation and layout != "auto":
        raise ValueRefusedError(
            _("Only the automatic layout follows who speaks."), field="voice_activation"
        )
    if audio_insert is not None:
        values.one_of(audio_insert, AUDIO_INSERTS, field="audio_insert")


def places_in(
    positions: Sequence[values.Position] | None, *, height: int = values.HEIGHT
) -> list[list[int | str]] | None:
    """The places, None for none, in a picture so high. Raises ValueRefusedError."""
    if positions is None:
        return None
    return values.positions_in_picture(positions, field="positions", height=height)


def ids_of(meeting: Meeting, users: Sequence[Participant | str | None] | None) -> list[str] | None:
    """Who fills which place, for eyeson. Raises ValueRefusedError for people of another room."""
    if users is None:
        return None
    if len(users) > values.MOST_PEOPLE:
        raise ValueRefusedError(
            _("Give %(most)d people at most.") % {"most": values.MOST_PEOPLE}, field="users"
        )
    ids = []
    for one in users:
        if isinstance(one, Participant):
            ids.append(values.person_in(meeting, one, field="users"))
        else:
            ids.append(values.plain_text(one or "", field="users", blank=True))
    return ids


def taking_away(wanted: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """What is `wanted`, with what takes away what a meeting with such `options` has and must not keep.

    An empty name or list of users says that there is none any more, and a name alone that the places are
    those of that layout. Only what is there is taken away: no source says how eyeson reads the rest.
    """
    wanted = dict(wanted)
    if wanted["name"] == "" and not options.get("layout_name"):
        wanted["name"] = None
    if wanted["users"] == []:
        # A form cannot hold an empty list: one empty place stands for it.
        wanted["users"] = [""] if options.get("layout_users") else None
    if wanted["name"] is not None and wanted["positions"] is None and options.get("layout_map"):
        wanted["positions"] = []
    return wanted


@sensitive_variables("text", "box")
def box_of(text: LayerText) -> Mapping[str, str]:
    """The box as eyeson takes it. Raises ValueRefusedError for one without words."""
    if not (text.title.strip() or text.content.strip()):
        raise ValueRefusedError(_("Write a title or a text."), field="text")
    values.plain_text(text.title, field="text", blank=True)
    values.plain_text(text.content, field="text", longest=LONGEST_LAYER_TEXT, blank=True)
    if text.icon:
        values.web_address(text.icon, field="text")
    box = {"icon": text.icon, "title": text.title, "content": text.content}
    return {name: value for name, value in box.items() if value}


def insert_place(place: tuple[float, float] | None) -> Mapping[str, float] | None:
    """Where those who speak without a video are shown. Raises ValueRefusedError."""
    if place is None:
        return None
    if not all(0 <= axis <= values.WIDTH for axis in place):
        raise ValueRefusedError(
            _("Give a place inside the picture."), field="audio_insert_position"
        )
    return {"x": place[0], "y": place[1]}
