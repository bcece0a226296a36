"""Rooms with links that stay (API reference 6)."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from eyeson_meetings.exceptions import InvalidRequestError

from .calls import Call, Credential, secret
from .reading import UnreadableRecordError, object_in
from .records import Answer, Permalink, RoomResponse
from .secrets import Secret
from .transport import Transport


class Permalinks:
    """Make, find and use permalinks. Every method raises EyesonError.

    A host (user token) may start the meeting; a guest (guest token) comes in by `guests.join` while it
    runs. The id of a permalink is that of its room.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        *,
        user_name: str,
        user_id: str | None = None,
        avatar: str | None = None,
        name: str | None = None,
        options: Mapping[str, Any] | None = None,
        expires_at: datetime | None = None,
    ) -> Answer[Permalink]:
        """Make one, with its first host (6.1). No meeting starts, and none after `expires_at`.

        Each call makes another. Raises InvalidRequestError, KeyLockedError.
        """
        form = {
            "name": name,
            "user": {"name": user_name, "id": user_id, "avatar": avatar},
            "options": options or {},
            "expires_at": expires_at,
        }
        call = Call(method="POST", path="/permalink", form=form)
        return self._transport.ask(call, Permalink.from_json)

    def list(self, *, expired: bool | None = None) -> Answer[builtins.list[Permalink]]:
        """All of this API key; with `expired`, only those that are, or are not (6.2)."""
        call = Call(method="GET", path="/permalink", query={"expired": expired})
        return self._transport.ask_all(
            call, Permalink.from_json, key=lambda permalink: permalink.id, entries=_entries
        )

    def get(self, *, permalink_id: str) -> Answer[Permalink]:
        """One of them (6.3). Raises NotFoundError."""
        return self._transport.ask(_one("GET", permalink_id), Permalink.from_json)

    def get_by_token(self, *, token: Secret | str) -> Answer[Permalink]:
        """What a host's or guest's token opens, and whether a meeting runs (6.3).

        Do not rely on user, user token and links. Raises NotFoundError.
        """
        return self._transport.ask(_of_token("GET", "token", token), Permalink.from_json)

    def update(
        self,
        *,
        permalink_id: str,
        name: str | None = None,
        options: Mapping[str, Any] | None = None,
        expires_at: datetime | None = None,
        without_end: bool = False,
    ) -> Answer[Permalink]:
        """Change the permalink; what is None is not sent (6.4).

        `without_end` asks eyeson to take the end away. No source says whether it does: read it back (21).
        Whether options that are not sent stay is not documented: send all.
        Raises InvalidRequestError, also for an end together with `without_end`; NotFoundError.
        """
        form = {"name": name, "options": options or {}, "expires_at": expires_at}
        call = _one("PUT", permalink_id, form=form)
        if without_end:
            if expires_at is not None:
                problem = "give an end or take it away, not both; nothing was sent"
                raise InvalidRequestError(call.route, None, problem)
            said = {name: value for name, value in form.items() if value}
            call = replace(call, form={}, document={**said, "expires_at": None})
        return self._transport.ask(call, Permalink.from_json)

    def delete(self, *, permalink_id: str) -> Answer[None]:
        """Its links work no longer (6.4). Raises NotFoundError."""
        return self._transport.tell(_one("DELETE", permalink_id))

    def add_host(
        self,
        *,
        permalink_id: str,
        user_name: str,
        user_id: str | None = None,
        avatar: str | None = None,
    ) -> Answer[Permalink]:
        """One more who may start the meeting: user token and personal link are theirs (6.5).

        Raises InvalidRequestError, NotFoundError.
        """
        form = {"user": {"name": user_name, "id": user_id, "avatar": avatar}}
        call = _one("POST", permalink_id, "/users", form=form)
        return self._transport.ask(call, Permalink.from_json)

    def remove_host(self, *, permalink_id: str, user_token: Secret | str) -> Answer[None]:
        """This token starts no more meetings (6.5). Raises NotFoundError."""
        call = Call(
            method="DELETE",
            path="/permalink/:permalink_id/users/:user_token",
            segments={"permalink_id": permalink_id, "user_token": secret(user_token)},
        )
        return self._transport.tell(call)

    def join(self, *, user_token: Secret | str) -> Answer[RoomResponse]:
        """Start the meeting, or join the one that runs, as this host (6.6). The API key is not sent.

        Each call makes one more access key. Raises NotFoundError when the token, or its permalink, is
        unknown or over.
        """
        return self._transport.ask(
            _of_token("POST", "user_token", user_token), RoomResponse.from_json
        )


def _one(
    method: str, permalink_id: str, rest: str = "", *, form: Mapping[str, Any] | None = None
) -> Call:
    return Call(
        method=method,
        path=f"/permalink/:permalink_id{rest}",
        segments={"permalink_id": permalink_id},
        form=form or {},
    )


def _of_token(method: str, name: str, token: Secret | str) -> Call:
    return Call(
        method=method,
        path=f"/permalink/:{name}",
        credential=Credential.PERMALINK_TOKEN,
        segments={name: secret(token)},
        is_entry=method == "POST",
    )


def _entries(value: object) -> builtins.list[object]:
    """`{"items": [...]}` of a page, or the list alone."""
    items = value if isinstance(value, list) else object_in(value).get("items")
    if not isinstance(items, list):
        raise UnreadableRecordError("a page of permalinks was expected")
    return items
