"""The API of one eyeson account."""

from __future__ import annotations

from .annotations import Annotations
from .broadcasts import Broadcasts
from .files import Files
from .forwards import Forwards
from .guests import Guests
from .layers import Layers
from .layout import Layout
from .messages import Messages
from .permalinks import Permalinks
from .playbacks import Playbacks
from .presentations import Presentations
from .recordings import Recordings
from .rooms import Rooms
from .screen_capture import ScreenCapture
from .secrets import Secret
from .snapshots import Snapshots
from .transport import JudgeDate, Transport, date_or_now
from .users import Users
from .webhooks import Webhooks

DEFAULT_BASE_URL = "https://api.eyeson.team"


class EyesonClient:
    """eyeson's endpoints, by resource. Cheap to make, safe to share between threads and processes.

    `timeouts_seconds` are the longest times to connect; and for the headers, then again for the body, of an answer.
    `sandbox` allows a `base_url` without TLS, and nothing else does. `ca_file` (PEM) names the certificates
    to trust instead of those that everybody trusts. `judge_date(date, asked_at)` returns when an answer was given:
    by default its `Date`, or the local clock without one. Every call raises EyesonError.
    """

    def __init__(
        self,
        *,
        api_key: str | Secret,
        base_url: str = DEFAULT_BASE_URL,
        timeouts_seconds: tuple[float, float] = (5.0, 30.0),
        sandbox: bool = False,
        ca_file: str = "",
        judge_date: JudgeDate = date_or_now,
    ) -> None:
        """Connects to nobody. Raises ConfigurationError for a key or address that cannot be used."""
        self._transport = Transport(
            api_key=api_key,
            base_url=base_url,
            timeouts_seconds=timeouts_seconds,
            sandbox=sandbox,
            ca_file=ca_file,
            judge_date=judge_date,
        )
        self.rooms = Rooms(self._transport)
        self.users = Users(self._transport)
        self.guests = Guests(self._transport)
        self.permalinks = Permalinks(self._transport)
        self.recordings = Recordings(self._transport)
        self.snapshots = Snapshots(self._transport)
        self.broadcasts = Broadcasts(self._transport)
        self.messages = Messages(self._transport)
        self.layers = Layers(self._transport)
        self.layout = Layout(self._transport)
        self.playbacks = Playbacks(self._transport)
        self.presentations = Presentations(self._transport)
        self.screen_capture = ScreenCapture(self._transport)
        self.annotations = Annotations(self._transport)
        self.files = Files(self._transport)
        self.forwards = Forwards(self._transport)
        self.webhooks = Webhooks(self._transport)

    def close(self) -> None:
        """Close this thread's connections. The client can be used again."""
        self._transport.close()
