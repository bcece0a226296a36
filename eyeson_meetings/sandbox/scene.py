"""The picture as the sandbox's own meeting page draws it: places, layers, what plays."""

from typing import Any

from .podium import picture_size, podium
from .records import Layer, Meeting

Json = dict[str, Any]


def scene(meeting: Meeting) -> Json:
    """A message of the page's own channel. The service mixes all this into its video instead."""
    shown = meeting.presentation
    return {
        "type": "scene",
        "size": list(picture_size(meeting)),
        "layout": meeting.options["layout_name"] or meeting.options["layout"],
        "show_names": meeting.options["show_names"],
        "places": [_named(meeting, place) for place in podium(meeting)],
        "layers": [_layer(layer) for _, layer in sorted(meeting.layers.items())],
        "playing": [playback.name or playback.play_id for playback in meeting.playbacks],
        "presentation": shown and {"name": shown.person.name, "slide": shown.slide},
    }


def _named(meeting: Meeting, place: Json) -> Json:
    playback = next((p for p in meeting.playbacks if p.play_id == place["play_id"]), None)
    person = meeting.people.get(place["user_id"] or "")
    title = playback and (playback.name or playback.play_id)
    return {**place, "title": title, "name": person and person.name}


def _layer(layer: Layer) -> Json:
    url = f"/_sandbox/layers/{layer.key}" if layer.content else layer.url
    return {"z-index": layer.z_index, "id": layer.name, "url": url, "text": layer.text}
