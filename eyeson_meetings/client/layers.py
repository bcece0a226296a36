"""Pictures over and behind the video (API reference 11)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO

from eyeson_meetings.exceptions import InvalidRequestError

from .calls import Call, Credential, secret
from .records import Answer
from .secrets import Secret
from .transport import Transport
from .uploads import file_part

FRONT = 1
BACKGROUND = -1


class Layers:
    """Put pictures over and behind the video. Every method raises EyesonError.

    There is one layer in front and one behind. Nobody sees them while single streams are forwarded (the
    room's option `sfu_mode`).
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def set(
        self,
        *,
        access_key: Secret | str,
        url: Secret | str | None = None,
        file: IO[bytes] | None = None,
        file_name: str = "layer",
        content_type: str | None = None,
        text: Mapping[str, str] | None = None,
        z_index: int = FRONT,
        id: str | None = None,  # noqa: A002 - eyeson's name for it
        layout: str | None = None,
    ) -> Answer[None]:
        """Show a picture, by its address or as a file, or a `text`, in place of the one there (11.1).

        PNG, WebP or JPEG of 1280x960 (widescreen: 1280x720). A file must be seekable and is sent from
        where it stands. `text` is a simple box of `icon`, `title` and `content`; it and `layout` (`fixed`
        or `auto`) are old. `id` names the layer in the events of the podium. Raises InvalidRequestError
        (also when there is not exactly one of url, file and text), NotFoundError, MeetingEndedError.
        """
        given = [value for value in (url, file, text) if value is not None]
        call = Call(
            method="POST",
            path="/rooms/:access_key/layers",
            credential=Credential.ACCESS_KEY,
            segments={"access_key": secret(access_key)},
            form={
                "url": url and secret(url),
                "insert": text,
                "z-index": z_index,  # the hyphen is part of the name
                "id": id,
                "layout": layout,
            },
            upload=file_part(file, file_name, content_type),
        )
        if len(given) != 1:
            problem = "a layer is one of url, file and text; nothing was sent"
            raise InvalidRequestError(call.route, None, problem)
        return self._transport.tell(call)

    def clear(
        self, *, access_key: Secret | str, index: int = FRONT, layout: str | None = None
    ) -> Answer[None]:
        """Take the layer of this index away (11.2). Raises NotFoundError, MeetingEndedError."""
        call = Call(
            method="DELETE",
            path="/rooms/:access_key/layers/:index",
            credential=Credential.ACCESS_KEY,
            segments={"access_key": secret(access_key), "index": str(index)},
            query={"layout": layout},
        )
        return self._transport.tell(call)
