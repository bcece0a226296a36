"""Rooms with links that stay: API reference 6. A host starts the meeting, guests wait for it."""

from dataclasses import dataclass, field
from typing import Any

from .records import DEFAULT_OPTIONS, Meeting, Person, new_id, new_token
from .refusals import RefusedError
from .state import State


@dataclass(eq=False)
class Host:
    """Someone who may start the meeting. `id` is their user id in it."""

    id: str
    name: str
    avatar: str | None
    added_at: float
    user_token: str = field(default_factory=new_token, repr=False)


@dataclass(eq=False)
class Permalink:
    """One room. Its id is also the room's; `options` are those that differ from the defaults."""

    id: str
    team: str = field(repr=False)
    name: str
    created_at: float
    options: dict[str, Any]
    expires_at: float | None
    hosts: list[Host]
    own_guest_token: str = field(default_factory=new_token, repr=False)

    @property
    def guest_token(self) -> str | None:
        """None when the options give none out."""
        return self.own_guest_token if self.options.get("guest_token_available", True) else None

    @property
    def all_options(self) -> dict[str, Any]:
        """As answers show them. Of a permalink the picture is wide (API reference 20)."""
        options = {**DEFAULT_OPTIONS, "widescreen": True, **self.options}
        options.pop("guest_token_available", None)
        return options


class Permalinks:
    """All permalinks of all API keys. Wants the state's lock held."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._all: dict[str, Permalink] = {}

    def reset(self) -> None:
        """Forget them all."""
        self._all.clear()

    def create(
        self,
        team: str,
        *,
        name: str | None,
        options: dict[str, Any],
        expires_at: float | None,
        host: Host,
    ) -> Permalink:
        """A room id is not asked for: it is the permalink's (6.1)."""
        permalink = Permalink(
            new_id(), team, name or "Sandbox", self._now(), options, expires_at, [host]
        )
        self._all[permalink.id] = permalink
        return permalink

    def new_host(self, *, name: str, user_id: str | None, avatar: str | None) -> Host:
        """Someone with a user token, not yet host of anything."""
        return Host(user_id or new_id(), name, avatar, self._now())

    def all(self) -> list[Permalink]:
        """Those of every API key, oldest first."""
        return list(self._all.values())

    def of_team(self, team: str, *, expired: bool | None) -> list[Permalink]:
        """Those of an API key, oldest first; `expired`: only such, only others, or all."""
        return [
            permalink
            for permalink in self._all.values()
            if permalink.team == team and expired in (None, self.is_expired(permalink))
        ]

    def find(self, team: str, permalink_id: str) -> Permalink:
        """Refuses with 404 what is no permalink of this API key."""
        permalink = self._all.get(permalink_id)
        if permalink is None or permalink.team != team:
            raise RefusedError(404, "Permalink not found")
        return permalink

    def with_token(self, token: str) -> Permalink | None:
        """The one with this token, a host's or the guests'."""
        for permalink in self._all.values():
            tokens = [permalink.guest_token, *(host.user_token for host in permalink.hosts)]
            if token in tokens:
                return permalink
        return None

    def by_token(self, token: str) -> Permalink:
        """The same. Refuses unknown tokens like an unknown access key."""
        permalink = self.with_token(token)
        if permalink is None:
            raise RefusedError(self._state.knobs.unknown_access_key_status, "Invalid token")
        return permalink

    def delete(self, permalink: Permalink) -> None:
        """Its tokens are dead. A meeting that runs goes on."""
        del self._all[permalink.id]

    def remove_host(self, permalink: Permalink, user_token: str) -> None:
        """That token is dead. Refuses unknown ones with 404 (6.5)."""
        hosts = [host for host in permalink.hosts if host.user_token != user_token]
        if len(hosts) == len(permalink.hosts):
            raise RefusedError(404, "User not found")
        permalink.hosts = hosts

    def is_expired(self, permalink: Permalink) -> bool:
        """Whether no meeting may be started any more."""
        return permalink.expires_at is not None and permalink.expires_at <= self._now()

    def running(self, permalink: Permalink) -> Meeting | None:
        """Its meeting, if one runs."""
        return self._state.running_in(permalink.team, permalink.id)

    def start(self, user_token: str) -> tuple[Meeting, Person, str]:
        """Start or join for this host (6.6). Refuses with 410 to start an expired one."""
        permalink = self.by_token(user_token)
        host = next((h for h in permalink.hosts if h.user_token == user_token), None)
        if host is None:  # the guests' token
            raise RefusedError(self._state.knobs.unknown_access_key_status, "Invalid token")
        if self.is_expired(permalink) and self.running(permalink) is None:
            raise RefusedError(410, "Permalink has expired")
        meeting = self._state.start_or_find(
            permalink.team,
            permalink.id,
            permalink.name,
            {"widescreen": True, **permalink.options},
            guest_token=permalink.guest_token,
        )
        access_key, person = self._state.admit(
            meeting, name=host.name, user_id=host.id, avatar=host.avatar, guest=False
        )
        return meeting, person, access_key

    def check_guest(self, guest_token: str) -> None:
        """Guests wait for a host: refuses with 410 a permalink's token while no meeting runs."""
        for permalink in self._all.values():
            if permalink.guest_token == guest_token and self.running(permalink) is None:
                raise RefusedError(410, "Meeting is not running")

    def _now(self) -> float:
        return self._state.clock.now()
