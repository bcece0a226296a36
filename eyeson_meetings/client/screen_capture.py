"""Screens shown in a meeting (API reference 14): a presentation without slides."""

from __future__ import annotations

from .presentations import presentation
from .records import Answer
from .secrets import Secret
from .transport import Transport


class ScreenCapture:
    """Say that a screen is shown. Every method raises EyesonError.

    The picture itself goes over the media connection of whoever shows it.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def start(self, *, access_key: Secret | str) -> Answer[None]:
        """Take the big place in the picture (14.1).

        Raises ConflictError when someone else presents, NotFoundError, MeetingEndedError.
        """
        return self._transport.tell(presentation("POST", access_key))

    def renew(self, *, access_key: Secret | str) -> Answer[None]:
        """Say it again, as it was done until 2019 (14.2). Raises NotFoundError, MeetingEndedError."""
        return self._transport.tell(presentation("PUT", access_key))

    def stop(self, *, access_key: Secret | str) -> Answer[None]:
        """Give the place back; anyone may (14.3). Raises NotFoundError, MeetingEndedError."""
        return self._transport.tell(presentation("DELETE", access_key))
