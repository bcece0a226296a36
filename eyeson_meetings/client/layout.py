"""Who is seen where (API reference 12)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from .calls import Call, Credential, secret
from .records import Answer
from .secrets import Secret
from .transport import Transport


class Layout:
    """Arrange the people in the picture. Every method raises EyesonError."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def set(
        self,
        *,
        access_key: Secret | str,
        layout: str | None = None,
        users: Sequence[str] | None = None,
        name: str | None = None,
        positions: Sequence[Sequence[int | str]] | None = None,
        show_names: bool | None = None,
        voice_activation: bool | None = None,
        audio_insert: str | None = None,
        audio_insert_position: Mapping[str, float] | None = None,
    ) -> Answer[None]:
        """Change the layout; what is None stays as it is (12).

        `layout` is `auto` or `custom`. `users` are user ids and play ids, one a place, "" for an empty
        one. `name` is one of eyeson's layouts, or any text with `positions`: up to 10 of x, y, width,
        height and, perhaps, how it fits (`cover`, `contain`, `auto`), in pixels inside the picture.
        Raises FeatureDisabledError, InvalidRequestError (positions that cannot be), NotFoundError,
        MeetingEndedError.
        """
        form = {
            "layout": layout,
            "users": None if users is None else list(users),
            "name": name,
            "map": None if positions is None else json.dumps([list(one) for one in positions]),
            "show_names": show_names,
            "voice_activation": voice_activation,
            "audio_insert": audio_insert,
            "audio_insert_position": audio_insert_position,
        }
        call = Call(
            method="POST",
            path="/rooms/:access_key/layout",
            credential=Credential.ACCESS_KEY,
            segments={"access_key": secret(access_key)},
            form=form,
        )
        return self._transport.tell(call)
