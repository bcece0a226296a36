"""Every row of eyeson's endpoint table (API reference 2), with who speaks it and what tries it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eyeson_meetings.client import Secret

UNKNOWN = Secret("x" * 24)
URL = "https://media.example.org/a"

_ROOM = {"room_id": "standup"}
_KEY = {"access_key": UNKNOWN}
_PERMALINK = {"permalink_id": "p"}
_FILE = {**_KEY, "file_id": "f"}
_STREAM = {**_ROOM, "forward_id": "f", "types": "audio", "url": URL}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the table."""

    #: Verb and path as the reference writes them, and as errors do.
    route: str
    #: The client's, and what it may be called with.
    method: str
    with_: Mapping[str, Any]
    #: A test in this folder that calls it.
    contract: str

    @property
    def verb(self) -> str:
        """The HTTP method, or `websocket`."""
        return self.route.partition(" ")[0]

    @property
    def path(self) -> str:
        """What follows the verb."""
        return self.route.partition(" ")[2]


def _tried_by(contract: str, *rows: tuple[str, str, Mapping[str, Any]]) -> list[Row]:
    return [
        Row(route=route, method=method, with_=with_, contract=contract)
        for route, method, with_ in rows
    ]


ROWS = [
    *_tried_by(
        "test_rooms.test_a_join_says_all_that_the_reference_says",
        ("POST /rooms", "rooms.join", {"user_name": "Ada"}),
    ),
    *_tried_by(
        "test_rooms.test_all_running_meetings_are_listed_over_their_pages",
        ("GET /rooms", "rooms.list", {}),
    ),
    *_tried_by(
        "test_rooms.test_the_meeting_of_a_key_becomes_ready_and_ends",
        ("GET /rooms/:access_key", "rooms.get", _KEY),
        ("DELETE /rooms/:room_id", "rooms.end", _ROOM),
    ),
    *_tried_by(
        "test_rooms.test_a_meeting_is_ended_by_key_once",
        ("DELETE /rooms/:access_key", "rooms.end_with_access_key", _KEY),
    ),
    *_tried_by(
        "test_rooms.test_people_are_listed_by_presence_and_told_one_by_one",
        ("GET /rooms/:room_id/users", "users.list", _ROOM),
        ("GET /rooms/:access_key/users/:user_id", "users.get", {**_KEY, "user_id": "ada"}),
        ("DELETE /rooms/:access_key/users/:user_id", "users.kick", {**_KEY, "user_id": "ada"}),
    ),
    *_tried_by(
        "test_rooms.test_a_guest_enters_a_running_meeting",
        ("POST /guests/:guest_token", "guests.join", {"guest_token": UNKNOWN, "name": "Bo"}),
    ),
    *_tried_by(
        "test_permalinks.test_a_permalink_is_made_with_its_first_host",
        ("POST /permalink", "permalinks.create", {"user_name": "Ada"}),
        ("GET /permalink/:permalink_id", "permalinks.get", _PERMALINK),
    ),
    *_tried_by(
        "test_permalinks.test_all_permalinks_are_listed_over_their_pages",
        ("GET /permalink", "permalinks.list", {}),
    ),
    *_tried_by(
        "test_permalinks.test_each_token_shows_whether_the_meeting_runs",
        ("GET /permalink/:token", "permalinks.get_by_token", {"token": UNKNOWN}),
    ),
    *_tried_by(
        "test_permalinks.test_what_is_sent_changes_and_the_rest_stays",
        ("PUT /permalink/:permalink_id", "permalinks.update", _PERMALINK),
    ),
    *_tried_by(
        "test_permalinks.test_nobody_starts_what_is_over",
        ("DELETE /permalink/:permalink_id", "permalinks.delete", _PERMALINK),
    ),
    *_tried_by(
        "test_permalinks.test_hosts_come_and_go",
        (
            "POST /permalink/:permalink_id/users",
            "permalinks.add_host",
            {**_PERMALINK, "user_name": "Bo"},
        ),
        (
            "DELETE /permalink/:permalink_id/users/:user_token",
            "permalinks.remove_host",
            {**_PERMALINK, "user_token": UNKNOWN},
        ),
    ),
    *_tried_by(
        "test_permalinks.test_a_host_starts_the_meeting_and_a_guest_comes_in",
        ("POST /permalink/:user_token", "permalinks.join", {"user_token": UNKNOWN}),
    ),
    *_tried_by(
        "test_media.test_a_recording_goes_through_its_states",
        ("POST /rooms/:access_key/recording", "recordings.start", _KEY),
        ("DELETE /rooms/:access_key/recording", "recordings.stop", _KEY),
        ("GET /recordings/:recording_id", "recordings.get", {"recording_id": "r"}),
    ),
    *_tried_by(
        "test_media.test_sixty_recordings_are_listed_in_three_pages",
        ("GET /rooms/:room_id/recordings", "recordings.list", _ROOM),
    ),
    *_tried_by(
        "test_media.test_a_deleted_recording_is_gone",
        ("DELETE /recordings/:recording_id", "recordings.delete", {"recording_id": "r"}),
    ),
    *_tried_by(
        "test_media.test_snapshots_are_taken_listed_shown_and_deleted",
        ("POST /rooms/:access_key/snapshot", "snapshots.take", _KEY),
        (
            "GET /rooms/:access_key/snapshots/:snapshot_id",
            "snapshots.get_in_meeting",
            {**_KEY, "snapshot_id": "s"},
        ),
        ("GET /snapshots/:snapshot_id", "snapshots.get", {"snapshot_id": "s"}),
        ("GET /rooms/:room_id/snapshots", "snapshots.list", _ROOM),
        ("DELETE /snapshots/:snapshot_id", "snapshots.delete", {"snapshot_id": "s"}),
    ),
    *_tried_by(
        "test_broadcasts.test_a_stream_is_started_named_and_stopped",
        (
            "POST /rooms/:access_key/broadcasts",
            "broadcasts.start",
            {**_KEY, "stream_url": "rtmp://live.example.org/app/key"},
        ),
        (
            "PUT /rooms/:access_key/broadcasts",
            "broadcasts.set_player_url",
            {**_KEY, "player_url": URL},
        ),
        ("DELETE /rooms/:access_key/broadcasts", "broadcasts.stop", _KEY),
    ),
    *_tried_by(
        "test_broadcasts.test_a_stream_may_be_one_of_a_platform_as_until_2020",
        (
            "PUT /rooms/:access_key/broadcasts/:platform",
            "broadcasts.set_player_url",
            {**_KEY, "player_url": URL, "platform": "youtube"},
        ),
        (
            "DELETE /rooms/:access_key/broadcasts/:platform",
            "broadcasts.stop",
            {**_KEY, "platform": "youtube"},
        ),
    ),
    *_tried_by(
        "test_messages.test_a_message_reaches_those_who_are_there",
        ("POST /rooms/:access_key/messages", "messages.send", {**_KEY, "content": "hello"}),
    ),
    *_tried_by(
        "test_stage.test_layers_are_set_replaced_and_cleared",
        ("POST /rooms/:access_key/layers", "layers.set", {**_KEY, "url": URL}),
        ("DELETE /rooms/:access_key/layers/:index", "layers.clear", _KEY),
    ),
    *_tried_by(
        "test_stage.test_a_layout_changes_what_is_sent_and_no_more",
        ("POST /rooms/:access_key/layout", "layout.set", {**_KEY, "layout": "auto"}),
    ),
    *_tried_by(
        "test_stage.test_a_video_is_played_told_and_stopped",
        ("POST /rooms/:access_key/playbacks", "playbacks.start", {**_KEY, "url": URL}),
        (
            "DELETE /rooms/:access_key/playbacks/:play_id",
            "playbacks.stop",
            {**_KEY, "play_id": "intro"},
        ),
        ("GET /rooms/:access_key/playbacks", "playbacks.list", _KEY),
    ),
    *_tried_by(
        "test_stage.test_slides_are_shown_changed_and_ended",
        ("POST /rooms/:access_key/presentation", "presentations.start", {**_KEY, "slide": URL}),
        ("PUT /rooms/:access_key/presentation", "presentations.show", {**_KEY, "slide": URL}),
        ("DELETE /rooms/:access_key/presentation", "presentations.stop", _KEY),
    ),
    *_tried_by(
        "test_stage.test_a_screen_is_a_presentation_without_slides",
        ("POST /rooms/:access_key/presentation", "screen_capture.start", _KEY),
        ("PUT /rooms/:access_key/presentation", "screen_capture.renew", _KEY),
        ("DELETE /rooms/:access_key/presentation", "screen_capture.stop", _KEY),
    ),
    *_tried_by(
        "test_stage.test_drawing_begins_and_ends",
        ("POST /rooms/:access_key/annotation", "annotations.start", _KEY),
        ("DELETE /rooms/:access_key/annotation", "annotations.stop", _KEY),
    ),
    *_tried_by(
        "test_files.test_files_are_listed_renamed_and_deleted",
        ("GET /rooms/:access_key/files", "files.list", _KEY),
        (
            "PUT /rooms/:access_key/files/:file_id",
            "files.update",
            {**_FILE, "values": {"name": "b.pdf"}},
        ),
        ("DELETE /rooms/:access_key/files/:file_id", "files.delete", _FILE),
    ),
    *_tried_by(
        "test_files.test_a_file_is_converted_and_fetched",
        (
            "POST /rooms/:access_key/files",
            "files.upload",
            {**_KEY, "file": io.BytesIO(b"%PDF-1.4"), "name": "a.pdf"},
        ),
        ("GET /rooms/:access_key/files/:file_id", "files.get", _FILE),
    ),
    *_tried_by(
        "test_forwards.test_a_locked_meeting_lets_no_more_guests_in",
        ("POST /rooms/:access_key/lock", "rooms.lock", _KEY),
    ),
    *_tried_by(
        "test_forwards.test_single_streams_are_sent_on_and_stopped",
        ("POST /rooms/:room_id/forward/source", "forwards.source", {**_STREAM, "user_id": "ada"}),
        ("POST /rooms/:room_id/forward/mcu", "forwards.mcu", _STREAM),
        (
            "POST /rooms/:room_id/forward/playback",
            "forwards.playback",
            {**_STREAM, "play_id": "intro"},
        ),
        (
            "DELETE /rooms/:room_id/forward/:forward_id",
            "forwards.stop",
            {**_ROOM, "forward_id": "f"},
        ),
    ),
    *_tried_by(
        "test_webhooks.test_what_was_registered_is_told",
        ("POST /webhooks", "webhooks.register", {"url": URL, "types": ("room_update",)}),
        ("GET /webhooks", "webhooks.get", {}),
    ),
    *_tried_by(
        "test_webhooks.test_what_was_registered_can_be_deleted_once",
        ("DELETE /webhooks/:webhook_id", "webhooks.delete", {"webhook_id": "w"}),
    ),
    *_tried_by(
        "test_sockets.test_somebody_in_the_meeting_is_told_what_happens",
        ("websocket /rt?access_key=...", "sockets.join", _KEY),
    ),
    *_tried_by(
        "test_sockets.test_an_observer_is_told_what_happens",
        ("websocket /rt?room_id=...", "sockets.observe", _ROOM),
    ),
]
#: Different rows of the reference. Its row of both annotations counts twice here.
ROW_COUNT = 60
