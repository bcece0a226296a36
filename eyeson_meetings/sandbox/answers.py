"""The JSON of API reference 3 and 17, made from what the sandbox remembers."""

import copy
import re
from datetime import UTC, datetime
from typing import Any

from .clock import iso
from .credentials import person_sip, room_sip, signaling
from .links import Links
from .permalinks import Host, Permalink
from .records import Event, File, Meeting, Person, Recording, Snapshot, Webhook
from .state import State

Json = dict[str, Any]

#: Types of webhook that went out of use by 2020 (API reference 17.6).
OLD_WEBHOOKS = ("broadcast_update", "file_update", "document_update")

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}$", re.ASCII)


class Answers:
    """Writes documents. Each call signs fresh download links."""

    def __init__(self, state: State, links: Links) -> None:
        self._state = state
        self._links = links

    def room_response(self, meeting: Meeting, person: Person, access_key: str) -> Json:
        """API reference 3.1."""
        return {
            "access_key": access_key,
            "ready": meeting.ready and person.ready,
            "locked": meeting.locked,
            "room": self.room(meeting),
            "team": {"name": "Sandbox"},
            "user": self._user(meeting, person),
            "links": {
                "self": self._links.api(f"/rooms/{access_key}"),
                "gui": self._links.meeting_page(access_key),
                "guest_join": self._links.guest_page(meeting.guest_token),
                "websocket": self._links.api(f"/rt?access_key={access_key}"),
            },
            "options": self.options(meeting),
            "playbacks": self.playbacks(meeting),
            "presentation": self.presentation(meeting),
            "broadcasts": self.broadcasts(meeting),
            "recording": self.recording(meeting.recording) if meeting.recording else None,
            "snapshots": [
                self.snapshot(snapshot)
                for snapshot in self._state.snapshots.values()
                if snapshot.meeting is meeting
            ],
            "signaling": signaling(meeting, person),
        }

    def _user(self, meeting: Meeting, person: Person) -> Json:
        """A person in their own room response (API reference 3.3)."""
        answer: Json = {
            "id": person.id,
            "room_id": meeting.room_id,
            "name": person.name,
            "avatar": person.avatar,
            "guest": person.guest,
            "blocked": False,
            "ready": person.ready,
        }
        if self._state.knobs.sip:
            answer["sip"] = person_sip(person)
        return answer

    def room(self, meeting: Meeting, *, closing: bool = False) -> Json:
        """API reference 3.2. `closing`: as the shutdown event shows it, without started_at."""
        ended = meeting.ended_at is not None
        hidden = closing or (ended and not self._state.knobs.started_at_after_end)
        answer: Json = {
            "id": meeting.room_id,
            "name": meeting.name,
            "ready": meeting.ready,
            "started_at": None if hidden else iso(meeting.started_at),
            "shutdown": ended,
        }
        if self._state.knobs.sip:
            answer["sip"] = room_sip(meeting)
        if meeting.guest_token and not ended:
            answer["guest_token"] = meeting.guest_token
        return answer

    def observed_room(self, meeting: Meeting) -> Json:
        """The room as observers are told of it (API reference 18.3)."""
        return {
            **self.room(meeting, closing=meeting.ended_at is not None),
            "options": self.options(meeting),
            "participants": [self.participant(meeting, p) for p in meeting.people.values()],
            "playbacks": self.playbacks(meeting),
            "presentation": self.presentation(meeting),
            "broadcasts": self.broadcasts(meeting),
            "recording": self.recording(meeting.recording) if meeting.recording else None,
        }

    def actor(self, person: Person) -> Json:
        """A person as part of another object (API reference 3.3)."""
        return {
            "id": person.id,
            "name": person.name,
            "avatar": person.avatar,
            "guest": person.guest,
            "joined_at": iso(person.joined_at),
        }

    def participant(self, meeting: Meeting, person: Person) -> Json:
        """A person as someone who comes and goes (API reference 3.3)."""
        return {
            "id": person.id,
            "room_id": meeting.room_id,
            "name": person.name,
            "avatar": person.avatar,
            "guest": person.guest,
            "online": person.online,
        }

    def options(self, meeting: Meeting) -> Json:
        """API reference 3.4, a copy: sockets send it later."""
        return copy.deepcopy(meeting.options)

    def playbacks(self, meeting: Meeting) -> list[Json]:
        """Those that run (API reference 3.8)."""
        names = ("url", "name", "play_id", "replacement_id", "audio", "loop_count")
        return [{name: getattr(p, name) for name in names} for p in meeting.playbacks]

    def presentation(self, meeting: Meeting) -> Json | None:
        """API reference 3.9, with the slide of the old editions."""
        shown = meeting.presentation
        if shown is None:
            return None
        user, room = self.actor(shown.person), self.room(meeting)
        return {"slide": shown.slide, "user": user, "room": room}

    def recording(self, recording: Recording) -> Json:
        """API reference 3.5: its state shows in `duration` and `links.download`."""
        path = f"/_media/meetings/{recording.meeting.id}/{recording.id}.webm"
        return {
            "id": recording.id,
            "created_at": int(recording.created_at),
            "duration": recording.duration,
            "links": {
                "self": self._links.api(f"/recordings/{recording.id}"),
                "download": self._links.download(path) if recording.finished else None,
            },
            "user": self.actor(recording.person),
            "room": self.room(recording.meeting),
        }

    def snapshot(self, snapshot: Snapshot) -> Json:
        """API reference 3.6: one actor called `creator`, times in two shapes."""
        path = f"/_media/meetings/{snapshot.meeting.id}/{snapshot.id}.jpg"
        return {
            "id": snapshot.id,
            "name": str(int(snapshot.created_at)),
            "links": {"download": self._links.download(path)},
            "creator": self.actor(snapshot.person),
            "created_at": iso(snapshot.created_at),
            "room": self.room(snapshot.meeting),
        }

    def broadcasts(self, meeting: Meeting) -> list[Json]:
        """Those that run (API reference 3.7). The stream address is never told."""
        return [
            {
                "id": broadcast.id,
                "platform": broadcast.platform,
                "player_url": broadcast.player_url,
                "user": self.actor(broadcast.person),
                "room": self.room(meeting),
            }
            for broadcast in meeting.broadcasts.values()
        ]

    def file(self, file: File, access_key: str | None = None) -> Json:
        """API reference 15. Without an access key its own link is that of 2017."""
        path = f"/rooms/{access_key}/files/{file.id}" if access_key else f"/files/{file.id}"
        pages = range(1, file.pages + 1) if file.converted else ()
        return {
            "id": file.id,
            "name": file.name,
            "type": file.content_type,
            "converted": file.converted,
            "conversion_progress": file.conversion_progress,
            "failed": file.failed,
            "links": {
                "self": self._links.api(path),
                "slides": [self._file_link(file, f"-{page}.png") for page in pages],
                "thumbnails": [self._file_link(file, f"-{page}-small.png") for page in pages],
                "download": self._file_link(file, _suffix(file.name)) if file.is_done else "",
            },
        }

    def files(self, meeting: Meeting, access_key: str | None = None) -> list[Json]:
        """All files of a meeting, oldest first."""
        return [self.file(file, access_key) for file in meeting.files.values()]

    def _file_link(self, file: File, ending: str) -> str:
        return self._links.download(f"/_media/meetings/{file.meeting.id}/{file.id}{ending}")

    def permalink(self, permalink: Permalink, host: Host | None) -> Json:
        """API reference 6.1, with the token of this host."""
        shown = self.permalink_for_token(permalink)
        user_token = host.user_token if host else None
        shown["permalink"]["user_token"] = user_token
        shown["user"] = host and {
            "id": host.id,
            "name": host.name,
            "avatar": host.avatar,
            "guest": False,
            "joined_at": iso(host.added_at),
        }
        shown["links"] = {
            "self": self._links.api(f"/permalink/{permalink.id}"),
            "gui": self._links.host_page(user_token),
            "guest_join": self._links.waiting_page(permalink.guest_token),
        }
        return shown

    def permalink_for_token(self, permalink: Permalink) -> Json:
        """API reference 6.3: without what only the owner of the API key may know."""
        meeting = self._state.running_in(permalink.team, permalink.id)
        expires_at = permalink.expires_at
        return {
            "permalink": {
                "id": permalink.id,
                "created_at": iso(permalink.created_at),
                "guest_token": permalink.guest_token,
                "expires_at": iso(expires_at) if expires_at is not None else None,
            },
            "room": {
                "id": permalink.id,
                "name": permalink.name,
                "started_at": iso(meeting.started_at) if meeting else None,
            },
            "team": {"name": "Sandbox"},
            "options": permalink.all_options,
        }

    def webhook(self, webhook: Webhook | None) -> Json | None:
        """API reference 17.2."""
        if webhook is None:
            return None
        as_text = self._state.knobs.webhook_types_as_text
        sent_at = webhook.last_request_sent_at
        return {
            "id": webhook.id,
            "types": ",".join(webhook.types) if as_text else webhook.types,
            "url": webhook.url,
            "last_request_sent_at": _offset_iso(sent_at) if sent_at is not None else None,
            "last_response_code": webhook.last_response_code,
        }

    def webhook_body(self, event: Event) -> Json | None:
        """What a webhook delivers for this event (API reference 17.5). None: it is not sent."""
        if event.type in OLD_WEBHOOKS:
            return self._old_body(event)
        body: Json = {"timestamp": int(event.at), "type": event.type}
        if event.type == "room_update":
            ended = event.meeting.ended_at is not None
            return body | {"room": self.room(event.meeting, closing=ended)}
        if event.type == "participant_update" and event.person:
            if not self._state.knobs.participant_webhooks:
                return None
            return body | {"participant": self.participant(event.meeting, event.person)}
        if event.type == "snapshot_update" and event.snapshot:
            return body | {"snapshot": self.snapshot(event.snapshot)}
        if event.type == "recording_update" and event.recording:
            if recording_state(event.recording) not in self._state.knobs.recording_webhooks:
                return None
            return body | {"recording": self.recording(event.recording)}
        return None

    def _old_body(self, event: Event) -> Json:
        """Before 2020: with the API key, without a time (API reference 17.6)."""
        body: Json = {"api_key": event.meeting.team, "type": event.type}
        subject: Json = {"room": {"id": event.meeting.room_id}}
        if event.broadcast:
            runs = event.broadcast.stopped_at is None
            subject["platform"] = event.broadcast.platform
            subject["player_url"] = event.broadcast.player_url if runs else None
            subject["user"] = {"id": event.broadcast.person.id}
        elif event.file:
            subject = {**self.file(event.file), "user": {"id": event.file.person.id}, **subject}
        return body | {event.type.removesuffix("_update"): subject}


def recording_state(recording: Recording) -> str:
    """started, stopped or finished."""
    if recording.finished:
        return "finished"
    return "started" if recording.stopped_at is None else "stopped"


def _suffix(name: str) -> str:
    """The ending of a file name, `.bin` for what looks like none."""
    found = _SUFFIX.search(name)
    return found[0].lower() if found else ".bin"


def _offset_iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
