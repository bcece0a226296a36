"""What a site can listen to. Each is sent once per transition, after commit, with `send_robust`.

`sender` is the model class; keyword arguments are `room`, the row under its model's name (`meeting`,
`participant`, `recording`, `snapshot`, `broadcast`, `room_file`, `delivery`) and `occurred_at` (aware UTC,
eyeson's clock where eyeson said it). A receiver that must miss nothing asks the rows: a process may die after its commit.
"""

from __future__ import annotations

from django.dispatch import Signal

meeting_opened = Signal()  # a meeting has a `started_at`; nobody may be in it yet
meeting_started = Signal()  # eyeson said `ready: true`
meeting_ended = Signal()
participant_joined = Signal()
participant_left = Signal()
recording_started = Signal()
recording_available = Signal()  # eyeson has the file
recording_stored = Signal()  # the site has the file
recording_failed = Signal()
snapshot_available = Signal()
snapshot_stored = Signal()
broadcast_started = Signal()
broadcast_stopped = Signal()  # also by the end of its meeting
file_available = Signal()  # eyeson has a file that somebody put into a meeting
file_stored = Signal()
delivery_failed = Signal()  # a webhook could not be understood and will not be tried again
