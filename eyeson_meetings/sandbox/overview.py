"""All that the sandbox remembers, at a glance and without secrets."""

from typing import Any

from .answers import recording_state
from .clock import iso
from .podium import podium
from .records import Meeting
from .service import Service


def overview(service: Service) -> dict[str, Any]:
    """What `/_sandbox/state` answers."""
    state = service.state
    return {
        "now": iso(state.clock.now()),
        "meetings": [_meeting(meeting) for meeting in state.meetings],
        "recordings": [
            {
                "id": recording.id,
                "meeting": recording.meeting.id,
                "room_id": recording.meeting.room_id,
                "room_name": recording.meeting.name,
                "state": recording_state(recording),
                "created_at": iso(recording.created_at),
                "duration": recording.duration,
                "user_id": recording.person.id,
            }
            for recording in state.recordings.values()
        ],
        "snapshots": [
            {
                "id": snapshot.id,
                "meeting": snapshot.meeting.id,
                "room_id": snapshot.meeting.room_id,
                "created_at": iso(snapshot.created_at),
                "user_id": snapshot.person.id,
            }
            for snapshot in state.snapshots.values()
        ],
        "permalinks": [
            {
                "id": permalink.id,
                "name": permalink.name,
                "expires_at": iso(permalink.expires_at) if permalink.expires_at else None,
                "hosts": [{"id": host.id, "name": host.name} for host in permalink.hosts],
            }
            for permalink in service.permalinks.all()
        ],
        "webhooks": [service.answers.webhook(webhook) for webhook in state.webhooks.values()],
    }


def _meeting(meeting: Meeting) -> dict[str, Any]:
    return {
        "id": meeting.id,
        "room_id": meeting.room_id,
        "name": meeting.name,
        "ready": meeting.ready,
        "started_at": iso(meeting.started_at),
        "ended_at": iso(meeting.ended_at) if meeting.ended_at is not None else None,
        "recording": meeting.recording.id if meeting.recording else None,
        "broadcasts": [
            {
                "id": broadcast.id,
                "platform": broadcast.platform,
                "player_url": broadcast.player_url,
                "started_at": iso(broadcast.started_at),
                "user_id": broadcast.person.id,
            }
            for broadcast in meeting.broadcasts.values()
        ],
        "locked": meeting.locked,
        "forwards": [
            {"id": forward.id, "kind": forward.kind, "source_id": forward.source_id}
            for forward in meeting.forwards.values()
        ],
        "files": [
            {
                "id": file.id,
                "name": file.name,
                "type": file.content_type,
                "bytes": file.upload.length,
                "sha256": file.upload.sha256,
                "conversion_progress": file.conversion_progress,
                "converted": file.converted,
                "failed": file.failed,
                "pages": file.pages,
                "created_at": iso(file.created_at),
                "user_id": file.person.id,
            }
            for file in meeting.files.values()
        ],
        **_stage(meeting),
        "people": [
            {"id": p.id, "name": p.name, "guest": p.guest, "online": p.online}
            for p in meeting.people.values()
        ],
    }


def _stage(meeting: Meeting) -> dict[str, Any]:
    shown = meeting.presentation
    return {
        "layers": [
            {
                "z-index": layer.z_index,
                "id": layer.name,
                "url": layer.url,
                "bytes": len(layer.content),
                "text": layer.text,
            }
            for layer in meeting.layers.values()
        ],
        "layout": meeting.options["layout"],
        "layout_name": meeting.options["layout_name"],
        "podium": podium(meeting),
        "playbacks": [playback.play_id for playback in meeting.playbacks],
        "presentation": shown and {"user_id": shown.person.id, "slide": shown.slide},
    }
