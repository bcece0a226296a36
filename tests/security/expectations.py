"""What every address answers to whom, by patterns: an address that none of them fits fails the matrix."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

API = "eyeson:api:"

#: Role → what it may with its own room. `viewer` has the permission to see every room.
MAY_AT_HOME: dict[str, set[str]] = {
    "anonymous": set(),
    "stranger": {"sign in"},
    "viewer": {"sign in", "view"},
    "member": {"sign in", "view", "join", "watch", "meet"},
    "host": {"sign in", "view", "join", "watch", "meet", "moderate", "record", "broadcast"},
    "staff": {"sign in", "use admin", "see deliveries"},
    "superuser": {
        *("sign in", "view", "join", "watch", "moderate", "record", "broadcast", "create", "book"),
        *("use admin", "change in admin"),
        *("manage accounts", "manage targets", "see deliveries", "replay deliveries"),
    },
}
#: The same with a room that is not theirs.
MAY_ELSEWHERE = {
    role: MAY_AT_HOME["stranger"] if role in ("member", "host") else may
    for role, may in MAY_AT_HOME.items()
}

#: The REST API: name, methods, and what they need. The first that fits counts; HEAD is as GET.
NEEDS: tuple[tuple[str, str, str], ...] = (
    ("(room|permalink)-list", "POST", "create"),
    ("delivery-(list|detail)", "GET", "see deliveries"),
    ("delivery-replay", "POST", "replay deliveries"),
    ("account-.*", "POST", "manage accounts"),
    ("saved-target-.*", "GET POST PATCH DELETE", "manage targets"),
    ("(room|meeting|recording|snapshot|file|broadcast|permalink)-list", "GET", "sign in"),
    ("(room|meeting|recording|snapshot|file|broadcast|permalink)-detail", "GET", "view"),
    ("room-state", "GET", "view"),
    ("room-join", "POST", "join"),
    ("(member|participant)-list", "GET", "join"),
    ("target-list", "GET", "broadcast"),
    ("meeting-.*(recording|snapshot)|(recording|snapshot|file)-fetch", "POST", "record"),
    ("(recording|snapshot)-detail", "DELETE", "record"),
    ("meeting-.*(broadcast|player).*|forward-.*", "POST", "broadcast"),
    (
        "(room|member|invitation|meeting|stage|file|permalink)-.*",
        "GET POST PUT PATCH DELETE",
        "moderate",
    ),
)

#: Resources that are refused as a whole, whatever the method.
DOORS = {
    "account-": "manage accounts",
    "delivery-": "see deliveries",
    "saved-target-": "manage targets",
}

#: What the REST API needs more of than `{}` to do something.
BODIES: dict[str, dict[str, Any]] = {
    "room-list": {"name": "New"},
    "member-list": {"user": "somebody"},
    "member-remove": {"user": "somebody"},
    "meeting-start-broadcast": {"stream_url": "rtmp://live.example.org/app/key"},
    "meeting-set-player-url": {"player_url": "https://tv.example.org/"},
    "stage-set-layer": {"text": {"title": "Break"}},
    "stage-start-playback": {"url": "https://media.example.org/intro.mp4"},
    "stage-stop-playback": {"play_id": "intro"},
    "stage-send-message": {"text": "Hello"},
    "stage-start-presentation": {"slide": "https://media.example.org/1.png"},
    "stage-show-slide": {"slide": "https://media.example.org/1.png"},
    "forward-forward-meeting": {"url": "https://whip.example.org/"},
    "forward-forward-playback": {"url": "https://whip.example.org/", "play_id": "intro"},
    "forward-stop-forward": {"forward_id": "mix"},
    "saved-target-list": {"name": "TV", "address": "rtmp://live.example.org/app"},
    "permalink-list": {"name": "New"},
    "permalink-host-list": {"user": "somebody"},
    "permalink-host-remove": {"user": "somebody"},
}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What addresses answer that are no part of the REST API."""

    #: A pattern for names, or for the routes of what has no name.
    names: str
    #: What somebody must be able to do; "" for nothing.
    needs: str = ""
    granted: frozenset[int] = frozenset({200})
    #: To those who are signed in and may not, and to those who are not signed in.
    refused: frozenset[int] = frozenset({404})
    anonymous: frozenset[int] = frozenset({302})


def _(*statuses: int) -> frozenset[int]:
    return frozenset(statuses)


#: Pages, media, admin and the example project; the first that fits counts. 405 and the empty answer to
#: OPTIONS are right wherever a method is not offered.
RULES = (
    # 502 and 503: eyeson was asked, and refused.
    Rule(names="eyeson:join", needs="join", granted=_(200, 303), refused=_(403)),
    Rule(names="eyeson:status", needs="view", anonymous=_(403)),
    Rule(names="eyeson:guest(-status)?", needs="a real link", anonymous=_(404)),
    Rule(names="eyeson:recording(-file)?", needs="watch"),
    # Django's view_room shows rows, no bytes.
    Rule(names="eyeson:(snapshot|room)-file|eyeson:snapshot-thumbnail", needs="join"),
    # 411: no body, no length.
    Rule(names="eyeson:webhook", needs="the API key", refused=_(403, 411), anonymous=_(403, 411)),
    Rule(names="appointments:list|home", needs="sign in", granted=_(200, 302)),
    Rule(names="appointments:book", needs="book", refused=_(403)),
    Rule(names="appointments:.*", needs="meet"),
    Rule(names="login", granted=_(200, 302)),
    Rule(names="logout", granted=_(200, 302)),
    Rule(names="api", needs="sign in"),
    Rule(names="schema", needs="sign in", anonymous=_(401, 403)),
    Rule(names="favicon\\.ico", granted=_(302)),
    Rule(names="admin:login", granted=_(200, 302)),
    Rule(
        names="admin:(index|app_list|logout|jsi18n|password_change|password_change_done)",
        needs="use admin",
        granted=_(200, 302),
        refused=_(302),
    ),
    Rule(
        names="admin:eyeson_meetings_delivery_.*",
        needs="see deliveries",
        granted=_(200, 302, 403),
        refused=_(302),
    ),
    Rule(
        names="admin:.*|admin/.*",
        needs="change in admin",
        # 403 and 409 also for those who may all: facts can be neither added nor changed.
        granted=_(200, 302, 303, 400, 403, 404, 409),
        # Who may not even use admin is sent to its login page.
        refused=_(302, 403, 404),
    ),
)
#: Of the REST API, for those who may. 400: let through, but an empty body says too little; 409: an ended
#: meeting; 415: an upload is no JSON.
GRANTED = _(200, 201, 202, 204, 400, 409, 415)


def expected(name: str, method: str, actions: Any, may: set[str]) -> frozenset[int]:
    """The statuses that are right for somebody who may that.

    `actions` are the methods of an address of the REST API, None for others. Raises LookupError when no
    pattern fits.
    """
    asked = "GET" if method == "HEAD" else method
    if name.startswith(API):
        return _expected_of_api(name.removeprefix(API), asked, actions, may)
    rule = next((rule for rule in RULES if re.fullmatch(rule.names, name)), None)
    if rule is None:
        raise LookupError(f"{name} is in no pattern of {__name__}.RULES: say who may see it.")
    not_offered = _(405) | (_(200) if method == "OPTIONS" else _())
    if not rule.needs or rule.needs in may:
        return rule.granted | not_offered
    return (rule.refused if "sign in" in may else rule.anonymous) | not_offered


def needed_by(name: str, method: str) -> str:
    """What an address of the REST API needs. Raises LookupError when no pattern fits."""
    for names, methods, need in NEEDS:
        if method in methods.split() and re.fullmatch(names, name):
            return need
    raise LookupError(f"{method} {name} is in no pattern of {__name__}.NEEDS: say who may do it.")


def _expected_of_api(name: str, method: str, actions: Any, may: set[str]) -> frozenset[int]:
    if "sign in" not in may:
        return _(401, 403)
    if any(name.startswith(door) and need not in may for door, need in DOORS.items()):
        return _(403)
    if method.lower() not in actions:
        return _(405)
    need = needed_by(name, method)
    if need in may:
        # 503: the site of these tests has no address for webhooks.
        return GRANTED | (_(503) if "webhook" in name else _())
    sees_it = "view" in may or need in ("create", "manage targets", "replay deliveries")
    return _(403) if sees_it else _(404)
