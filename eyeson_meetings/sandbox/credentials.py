"""Invented media credentials: `signaling` (API reference 3.10), and `sip` until 2023 (3.2, 3.3)."""

import base64
import json
from typing import Any

from .records import Meeting, Person

Json = dict[str, Any]

#: Reserved names: nothing listens there.
_MEDIA_HOST = "turn.example.net"
_SIP_DOMAIN = "conf.example.net"
_LIFETIME_SECONDS = 86_400


def signaling(meeting: Meeting, person: Person) -> Json:
    """Return how this person would connect to the media server. The values stay the same for a person."""
    return {
        "type": "sepp",
        "options": {
            "client_id": person.client_id,
            "conf_id": meeting.id,
            "auth_token": _auth_token(meeting, person),
            "endpoint": "wss://sig.example.net/call",
            "stun_servers": _stun_servers(),
            "turn_servers": _turn_servers(person),
        },
    }


def room_sip(meeting: Meeting) -> Json:
    """Return the room's `sip` object. It is empty until the room is ready."""
    user = f"conf_{meeting.id}" if meeting.ready else None
    domain = _SIP_DOMAIN if meeting.ready else None
    return {"uri": f"{user or ''}@{domain or ''}", "domain": domain, "authorizationUser": user}


def person_sip(person: Person) -> Json:
    """Return the `sip` object of a person in their own room response."""
    user = f"user_{person.client_id}"
    return {
        "uri": f"{user}@{_SIP_DOMAIN}",
        "domain": _SIP_DOMAIN,
        "wsServers": f"wss://{_SIP_DOMAIN}",
        "instanceId": person.client_id,
        "userAgentString": "eyeson-sandbox",
        "authorizationUser": user,
        "displayName": person.name,
        "stunServers": _stun_servers(),
        "turnServers": _turn_servers(person),
        "registerExpires": 60,
        "password": person.sip_password,
    }


def _auth_token(meeting: Meeting, person: Person) -> str:
    """Return a text of the shape of a JWT, whose signature is random."""
    claims = {
        "iss": "eyeson-comapi",
        "client_id": person.client_id,
        "conf_id": meeting.id,
        "exp": _expires_at(person),
    }
    parts = [json.dumps(part).encode() for part in ({"typ": "JWT", "alg": "ES384"}, claims)]
    return ".".join(_base64url(part) for part in (*parts, person.token_signature))


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _stun_servers() -> list[str]:
    return [f"stun:{_MEDIA_HOST}:3478"]


def _turn_servers(person: Person) -> list[Json]:
    return [
        {
            "urls": [f"turn:{_MEDIA_HOST}:3478"],
            "username": f"{_expires_at(person)}:{person.client_id}",
            "password": person.turn_password,
        }
    ]


def _expires_at(person: Person) -> int:
    return int(person.joined_at) + _LIFETIME_SECONDS
