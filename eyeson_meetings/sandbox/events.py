"""What the sockets tell of an event: the messages of API reference 18.2 and 18.3."""

from collections.abc import Callable
from typing import Any

from .answers import Answers
from .clock import iso
from .records import Event

Message = dict[str, Any]


def message_of(answers: Answers, event: Event) -> Message | None:
    """The message all sockets get alike. None for events that each socket tells in its own way."""
    write = _WRITERS.get(event.type)
    return {"type": event.type} | write(answers, event) if write else None


def _options(answers: Answers, event: Event) -> Message:
    return {"options": answers.options(event.meeting)}


def _playing(answers: Answers, event: Event) -> Message:
    return {"playing": answers.playbacks(event.meeting)}


def _presentation(answers: Answers, event: Event) -> Message:
    return {"presentation": answers.presentation(event.meeting)}


def _recording(answers: Answers, event: Event) -> Message:
    return {"recording": event.recording and answers.recording(event.recording)}


def _snapshots(answers: Answers, event: Event) -> Message:
    return {"snapshots": [answers.snapshot(event.snapshot)] if event.snapshot else []}


def _broadcasts(answers: Answers, event: Event) -> Message:
    return {"broadcasts": answers.broadcasts(event.meeting)}


def _files(answers: Answers, event: Event) -> Message:
    return {"files": answers.files(event.meeting)}


def _said(answers: Answers, event: Event) -> Message:
    return {
        "content": event.content,
        "cid": event.person.client_id if event.person else None,
        "created_at": iso(event.at),
    }


def _muted(answers: Answers, event: Event) -> Message:
    return {"user": event.person and answers.actor(event.person)}


def _locked(answers: Answers, event: Event) -> Message:
    return {"locked": event.meeting.locked}


_WRITERS: dict[str, Callable[[Answers, Event], Message]] = {
    "options_update": _options,
    "playback_update": _playing,
    "presentation_update": _presentation,
    "recording_update": _recording,
    "snapshot_update": _snapshots,
    "broadcasts_update": _broadcasts,
    "files_update": _files,
    "chat": _said,
    "custom": _said,
    "stfu": _muted,
    "lock": _locked,
}
