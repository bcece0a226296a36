"""What the site has begun in a meeting and eyeson never lists enters here: forwarded streams and layers."""

from __future__ import annotations

from eyeson_meetings.models import Meeting

from .transactions import lock_known_room, one_transaction

#: Columns of a meeting that list names of such things.
FORWARDS, LAYERS = "forwards", "layers"


@one_transaction
def mark_begun(column: str, name: str, *, meeting: Meeting) -> None:
    """Take in that eyeson agreed to begin `name`, which is listed in the `column` of the meeting from now on."""
    known = _known(meeting)
    if name not in getattr(known, column):
        _write(known, column, [*getattr(known, column), name])


@one_transaction
def mark_over(column: str, name: str, *, meeting: Meeting) -> None:
    """Take in that `name` is over, which is listed in the `column` of the meeting no longer."""
    known = _known(meeting)
    if name in getattr(known, column):
        _write(known, column, [one for one in getattr(known, column) if one != name])


def _known(meeting: Meeting) -> Meeting:
    lock_known_room(meeting.room_id)
    return Meeting.objects.get(pk=meeting.pk)


def _write(meeting: Meeting, column: str, names: list[str]) -> None:
    setattr(meeting, column, names)
    meeting.save(update_fields=[column])
