"""Live streams out of a meeting (API reference 9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .calls import Call, Credential, secret
from .records import Answer
from .secrets import Secret
from .transport import Transport


class Broadcasts:
    """Start and stop live streams. Every method raises EyesonError.

    `platform` is how it was before 2021, one stream a platform: `generic`, `youtube`, `facebook`,
    `twitter`. Today there is one stream, and no platform to name. What runs is told by `rooms.get`.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def start(
        self,
        *,
        access_key: Secret | str,
        stream_url: Secret | str,
        player_url: str | None = None,
        platform: str | None = None,
    ) -> Answer[None]:
        """Send the meeting to an RTMP address; `player_url` is where people watch it (9.1).

        Raises FeatureDisabledError, NotPossibleNowError (not ready, or one runs already),
        InvalidRequestError, NotFoundError, MeetingEndedError.
        """
        form = {
            "stream_url": secret(stream_url),
            "player_url": player_url,
            "platform": platform,
        }
        return self._transport.tell(_of_meeting("POST", access_key, form=form))

    def set_player_url(
        self, *, access_key: Secret | str, player_url: str, platform: str | None = None
    ) -> Answer[None]:
        """Say where people watch it (9.2). Raises NotFoundError when none runs, MeetingEndedError."""
        form = {"player_url": player_url}
        return self._transport.tell(_of_meeting("PUT", access_key, platform, form=form))

    def stop(self, *, access_key: Secret | str, platform: str | None = None) -> Answer[None]:
        """Stop all streams, or that of the platform (9.3).

        Raises NotFoundError when none runs, MeetingEndedError.
        """
        return self._transport.tell(_of_meeting("DELETE", access_key, platform))


def _of_meeting(
    method: str,
    access_key: Secret | str,
    platform: str | None = None,
    *,
    form: Mapping[str, Any] | None = None,
) -> Call:
    segments: dict[str, str | Secret] = {"access_key": secret(access_key)}
    path = "/rooms/:access_key/broadcasts"
    if platform is not None:
        path, segments["platform"] = f"{path}/:platform", platform
    return Call(
        method=method,
        path=path,
        credential=Credential.ACCESS_KEY,
        segments=segments,
        form=form or {},
    )
