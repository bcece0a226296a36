"""What a site can listen to. Each is sent once per transition, after commit, with `send_robust`.

`sender` is the model class; keyword arguments are `room`, the row under its model's name (`meeting`,
`participant`, `recording`, `snapshot`, `broadcast`, `room_file`, `delivery`) and `occurred_at` (aware UTC,
eyeson's clock where eyeson said it). A receiver that must miss nothing asks the rows: a process may die after its commit.
"""

from __future__ import annotations

from django.dispatch import Signal

# The comments are the table of docs/signals.md.
meeting_opened = Signal()  # a meeting has begun; nobody may be in it yet
meeting_started = Signal()  # eyeson called it ready
meeting_ended = Signal()  # it is over
participant_joined = Signal()  # somebody came online
participant_left = Signal()  # somebody went
recording_started = Signal()  # the meeting is being recorded
recording_available = Signal()  # eyeson has the file
recording_stored = Signal()  # the site has the file
recording_failed = Signal()  # the file could not be brought home
snapshot_available = Signal()  # eyeson has the picture
snapshot_stored = Signal()  # the site has the picture
broadcast_started = Signal()  # the meeting is streamed
broadcast_stopped = Signal()  # it is no longer, be it by the meeting's end
file_available = Signal()  # eyeson has a file that somebody put into a meeting
file_stored = Signal()  # the site has the file
delivery_failed = Signal()  # a webhook could not be understood and is not tried again
