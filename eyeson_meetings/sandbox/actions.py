"""What clients may do over their socket: the actions of API reference 18.2."""

import json
from typing import Any

from .records import Meeting, Person
from .state import State


def act(state: State, meeting: Meeting, person: Person, frame: dict[str, Any]) -> None:
    """Do what a message frame of the RoomChannel asks for. Others are ignored."""
    try:
        channel = json.loads(frame["identifier"])["channel"]
        action = json.loads(frame["data"])["action"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return
    if channel != "RoomChannel":
        return
    with state.locked():
        if action == "stfu":
            state.mute(meeting, person)
        elif action == "user_joins":
            state.keep_alive(meeting)
