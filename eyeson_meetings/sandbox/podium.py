"""Who stands where in the picture: API reference 12 and `podium_update` of 18.3.

The names of layouts are the service's, their geometry is the sandbox's own.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .records import Meeting, Person, Playback

Json = dict[str, Any]

#: People in the picture at a time (API reference 1.7).
MOST_PEOPLE = 9


@dataclass(frozen=True)
class Box:
    """A part of the picture; numbers are shares of its width and height."""

    left: float
    top: float
    width: float
    height: float


_WHOLE = Box(0, 0, 1, 1)


def grid(columns: int, rows: int, within: Box = _WHOLE) -> list[Box]:
    """Equal boxes, row by row."""
    width, height = within.width / columns, within.height / rows
    return [
        Box(within.left + column * width, within.top + row * height, width, height)
        for row in range(rows)
        for column in range(columns)
    ]


_LOWER_3 = [Box(0, 0, 1, 0.7), *grid(3, 1, Box(0, 0.7, 1, 0.3))]
_UPPER_RIGHT_9 = [
    Box(0, 0.2, 0.8, 0.8),
    *grid(5, 1, Box(0, 0, 1, 0.2)),
    *grid(1, 4, Box(0.8, 0.2, 0.2, 0.8)),
]

#: Places of the named layouts.
NAMED: dict[str, list[Box]] = {
    "one": grid(1, 1),
    "two": grid(2, 1),
    "four": grid(2, 2),
    "six": grid(3, 2),
    "nine": grid(3, 3),
    "present-lower-3": _LOWER_3,
    "present-upper-6": [Box(0, 0.2, 1, 0.8), *grid(6, 1, Box(0, 0, 1, 0.2))],
    "present-two-upper-6": [*grid(2, 1, Box(0, 0.2, 1, 0.8)), *grid(6, 1, Box(0, 0, 1, 0.2))],
    "present-upper-right-9": _UPPER_RIGHT_9,
    "present-vertical-9": [Box(0, 0, 0.7, 1), *grid(3, 3, Box(0.7, 0, 0.3, 1))],
    "present-upper-3-bg": [Box(0, 0.3, 1, 0.7), *grid(3, 1, Box(0, 0, 1, 0.3))],
    "present-one-bg": [Box(0.1, 0.1, 0.8, 0.8)],
    "present-center-four-bg": grid(2, 2, Box(0.1, 0.1, 0.8, 0.8)),
    "mobile-center-8": grid(2, 4, Box(0.2, 0, 0.6, 1)),
    "experimental": grid(4, 3),
}


def picture_size(meeting: Meeting) -> tuple[int, int]:
    """Width and height of the video in pixels (API reference 11.1)."""
    return (1280, 720) if meeting.options["widescreen"] else (1280, 960)


def podium(meeting: Meeting) -> list[Json]:
    """The taken places, as `podium_update` lists them."""
    width, height = picture_size(meeting)
    occupants = _occupants(meeting)
    shown = []
    for box, occupant in zip(_places(meeting, len(occupants)), occupants, strict=False):
        if occupant is None:
            continue
        shown.append(
            {
                **_who(meeting, occupant),
                "width": round(box.width * width),
                "height": round(box.height * height),
                "left": round(box.left * width),
                "top": round(box.top * height),
                "z-index": 0,
            }
        )
    return shown


def _who(meeting: Meeting, occupant: Person | Playback) -> Json:
    if isinstance(occupant, Playback):
        return {"user_id": None, "play_id": occupant.play_id}
    ids = (occupant.id, occupant.client_id)
    instead = next((p.play_id for p in meeting.playbacks if p.replacement_id in ids), None)
    return {"user_id": occupant.id, "play_id": instead}


def _occupants(meeting: Meeting) -> list[Person | Playback | None]:
    """One per place. None: the place stays empty."""
    playing = [p for p in meeting.playbacks if p.replacement_id is None]
    everyone: list[Person | Playback] = [*playing, *meeting.online[:MOST_PEOPLE]]
    wanted = meeting.options["layout_users"]
    if not wanted:
        return list(everyone)
    placed = [_named(everyone, name) for name in wanted]
    if meeting.options["layout"] == "custom":
        return placed
    rest = iter([one for one in everyone if one not in placed])
    filled = [one if one is not None else next(rest, None) for one in placed]
    return [*filled, *rest]


def _named(everyone: Iterable[Person | Playback], name: str) -> Person | Playback | None:
    for one in everyone:
        if name and name in ids_of(one):
            return one
    return None


def ids_of(one: Person | Playback) -> tuple[str, ...]:
    """What a layout may call them (API reference 12)."""
    return (one.play_id,) if isinstance(one, Playback) else (one.id, one.client_id)


def _places(meeting: Meeting, count: int) -> list[Box]:
    width, height = picture_size(meeting)
    if meeting.options["layout_map"]:
        return [
            Box(left / width, top / height, box_width / width, box_height / height)
            for left, top, box_width, box_height, *_ in meeting.options["layout_map"]
        ]
    named = NAMED.get(meeting.options["layout_name"] or "")
    if named:
        return named
    columns = max(1, math.ceil(math.sqrt(count)))
    return grid(columns, max(1, math.ceil(count / columns)))
