"""How facts enter: records in, rows out.

Every `apply_*` takes one record as of `observed_at` (eyeson's clock), in one transaction that locks the
room first. The same facts in any order, any number of times, by any number of processes leave the same
rows, because facts are only ever added up (`rules.py`) and everything else is derived from them. Signals
are sent once a transition, when the transaction commits.
"""

from .act_requests import mark_requested, mark_stop_requested
from .begun import FORWARDS, LAYERS, mark_begun, mark_over
from .broadcasts import apply_broadcast_word, apply_broadcasts, mark_broadcasts_stopped
from .deliveries import apply_delivery
from .events import apply_event, apply_people, begin_watch
from .files import apply_files
from .merging import merge_participants
from .participants import (
    apply_participant,
    apply_user,
    confirm_participant,
    forget_unconfirmed,
)
from .permalinks import apply_permalink, mark_permalink_deleted, mark_permalink_missing
from .recordings import apply_recording
from .rooms import (
    apply_room,
    apply_room_response,
    forget_keys,
    mark_ended,
    mark_gone,
    mark_locked,
    mark_missed,
    room_for,
)
from .snapshots import apply_snapshot

__all__ = [
    "FORWARDS",
    "LAYERS",
    "apply_broadcast_word",
    "apply_broadcasts",
    "apply_delivery",
    "apply_event",
    "apply_files",
    "apply_participant",
    "apply_people",
    "apply_permalink",
    "apply_recording",
    "apply_room",
    "apply_room_response",
    "apply_snapshot",
    "apply_user",
    "begin_watch",
    "confirm_participant",
    "forget_keys",
    "forget_unconfirmed",
    "mark_begun",
    "mark_broadcasts_stopped",
    "mark_ended",
    "mark_gone",
    "mark_locked",
    "mark_missed",
    "mark_over",
    "mark_permalink_deleted",
    "mark_permalink_missing",
    "mark_requested",
    "mark_stop_requested",
    "merge_participants",
    "room_for",
]
