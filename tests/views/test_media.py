"""The bytes of recordings, snapshots and files over HTTP: who gets them, whole, in part, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from django.core.files.base import ContentFile
from django.test import AsyncClient, Client
from django.urls import reverse
from django.utils import timezone

from eyeson_meetings.models import Recording, RoomFile, Snapshot
from eyeson_meetings.policies import DefaultPolicy
from eyeson_meetings.views.ranges import ByteRange, UnsatisfiableRangeError, parse_range
from tests.factories import (
    RecordingFactory,
    RoomFileFactory,
    RoomMemberFactory,
    SnapshotFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

BYTES = bytes(range(256)) * 800  # more than one chunk


class OpenPolicy(DefaultPolicy):
    """Lets everybody watch."""

    def can_watch(self, user: Any, recording: Recording) -> bool:
        """Yes."""
        return True


@pytest.fixture(autouse=True)
def storage(settings: Any, tmp_path: Any) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "eyeson": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path)},
        },
    }


def store(row: Any, content: bytes = BYTES, content_type: str = "video/webm") -> Any:
    row.file.save(f"x.{content_type.rpartition('/')[2]}", ContentFile(content), save=False)
    row.size_bytes = len(content)
    row.sha256 = hashlib.sha256(content).hexdigest()
    row.content_type = content_type
    row.store_state = row.StoreState.STORED
    row.stored_at = timezone.now()
    row.save()
    return row


class TidyClient(Client):
    """Closes its answers in the end, as a server does: files that nobody read would stay open."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[Any] = []

    def request(self, **request: Any) -> Any:
        """As always, and remembers the answer."""
        self.answers.append(super().request(**request))
        return self.answers[-1]


@pytest.fixture
def client() -> Iterator[Client]:
    tidy = TidyClient()
    yield tidy
    for answer in tidy.answers:
        answer.close()


@pytest.fixture
def recording() -> Recording:
    return store(RecordingFactory(meeting__room__name="Board"))


@pytest.fixture
def member(client: Client, recording: Recording) -> Client:
    client.force_login(RoomMemberFactory(room=recording.room).user)
    return client


def url_of(row: Recording | Snapshot | RoomFile) -> str:
    name = "room" if isinstance(row, RoomFile) else row._meta.model_name
    return reverse(f"eyeson:{name}-file", args=[row.uuid])


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_a_member_gets_the_whole_file_with_headers_that_keep_it_harmless(
    member: Client, recording: Recording
) -> None:
    response = member.get(url_of(recording))

    assert response.status_code == 200
    assert body(response) == BYTES
    assert response.headers["Content-Type"] == "video/webm"
    assert response.headers["Content-Length"] == str(len(BYTES))
    assert response.headers["ETag"] == f'"{recording.sha256}"'
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["Cache-Control"] == "private, no-cache, no-transform"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response.headers["Content-Disposition"].startswith('inline; filename="Board 2026-')


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-", 0, len(BYTES) - 1),
        ("bytes=0-0", 0, 0),
        ("bytes=100-70000", 100, 70000),
        ("bytes=-5", len(BYTES) - 5, len(BYTES) - 1),
        ("bytes=-9999999", 0, len(BYTES) - 1),
        (f"bytes=10-{10**18}", 10, len(BYTES) - 1),
    ],
)
def test_one_range_is_answered_with_exactly_these_bytes(
    member: Client, recording: Recording, asked: str, start: int, end: int
) -> None:
    response = member.get(url_of(recording), headers={"Range": asked})

    assert response.status_code == 206
    assert response.headers["Content-Range"] == f"bytes {start}-{end}/{len(BYTES)}"
    assert response.headers["Content-Length"] == str(end - start + 1)
    assert body(response) == BYTES[start : end + 1]


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,4-5", "bytes=9-3", "bytes=-", "items=0-1", "x", "bytes=a-b"]
)
def test_ranges_that_are_several_or_make_no_sense_get_the_whole(
    member: Client, recording: Recording, asked: str
) -> None:
    response = member.get(url_of(recording), headers={"Range": asked})

    assert response.status_code == 200
    assert body(response) == BYTES


@pytest.mark.parametrize("asked", [f"bytes={len(BYTES)}-", "bytes=-0"])
def test_a_range_behind_the_end_is_refused_with_the_length(
    member: Client, recording: Recording, asked: str
) -> None:
    response = member.get(url_of(recording), headers={"Range": asked})

    assert response.status_code == 416
    assert response.headers["Content-Range"] == f"bytes */{len(BYTES)}"


def test_head_tells_the_headers_without_the_bytes(member: Client, recording: Recording) -> None:
    response = member.head(url_of(recording), headers={"Range": "bytes=0-9"})

    assert response.status_code == 206
    assert response.headers["Content-Length"] == "10"
    assert response.content == b""


@pytest.mark.parametrize("form", ['"{}"', 'W/"{}"', '"other", "{}"'])
def test_who_has_the_file_already_is_told_so(
    member: Client, recording: Recording, form: str
) -> None:
    response = member.get(
        url_of(recording), headers={"If-None-Match": form.format(recording.sha256)}
    )

    assert response.status_code == 304


def test_the_last_modified_time_is_a_validator_too(member: Client, recording: Recording) -> None:
    modified = member.get(url_of(recording)).headers["Last-Modified"]

    unchanged = member.get(url_of(recording), headers={"If-Modified-Since": modified})
    part = member.get(url_of(recording), headers={"Range": "bytes=0-1", "If-Range": modified})

    assert unchanged.status_code == 304
    assert part.status_code == 206


def test_a_range_of_another_version_gets_the_whole_of_this_one(
    member: Client, recording: Recording
) -> None:
    asked = {"Range": "bytes=5-9"}

    same = member.get(url_of(recording), headers={**asked, "If-Range": f'"{recording.sha256}"'})
    other = member.get(url_of(recording), headers={**asked, "If-Range": '"other"'})

    assert same.status_code == 206
    assert other.status_code == 200
    assert body(other) == BYTES


def test_strangers_are_sent_to_the_login_page_whether_the_file_exists_or_not(
    client: Client, recording: Recording
) -> None:
    for uuid in (recording.uuid, uuid4()):
        response = client.get(reverse("eyeson:recording-file", args=[uuid]))

        assert response.status_code == 302
        assert "next=" in response.headers["Location"]


def test_the_signed_in_who_may_not_watch_learn_nothing(
    client: Client, recording: Recording
) -> None:
    client.force_login(UserFactory())

    assert client.get(url_of(recording)).status_code == 404
    assert client.get(reverse("eyeson:recording-file", args=[uuid4()])).status_code == 404


def test_the_policy_is_asked_on_every_request(member: Client, recording: Recording) -> None:
    assert member.get(url_of(recording), headers={"Range": "bytes=0-1"}).status_code == 206

    recording.room.members.all().delete()

    assert member.get(url_of(recording), headers={"Range": "bytes=2-3"}).status_code == 404


def test_a_policy_may_let_strangers_watch(
    client: Client, recording: Recording, settings: Any
) -> None:
    settings.EYESON = {**settings.EYESON, "POLICY": f"{__name__}.OpenPolicy"}

    assert client.get(url_of(recording)).status_code == 200


def test_a_recording_that_is_not_stored_yet_is_not_found(
    member: Client, recording: Recording
) -> None:
    Recording.objects.update(store_state=Recording.StoreState.FETCHING)

    assert member.get(url_of(recording)).status_code == 404


def test_a_file_that_vanished_from_the_storage_is_not_found(
    member: Client, recording: Recording, caplog: pytest.LogCaptureFixture
) -> None:
    recording.file.storage.delete(recording.file.name)

    assert member.get(url_of(recording)).status_code == 404
    assert str(recording.uuid) in caplog.text


def test_other_methods_are_refused(member: Client, recording: Recording) -> None:
    assert member.post(url_of(recording)).status_code == 405


@pytest.mark.parametrize(
    "content_type", ["text/html", "image/svg+xml", "application/xhtml+xml", ""]
)
def test_what_could_run_in_a_browser_is_only_ever_a_download(
    member: Client, recording: Recording, content_type: str
) -> None:
    Recording.objects.update(content_type=content_type)

    response = member.get(url_of(recording))

    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_a_download_can_be_asked_for(member: Client, recording: Recording) -> None:
    response = member.get(url_of(recording) + "?download=1")

    assert response.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    "name",
    [
        'a"b\\c',
        "../../etc/passwd",
        "line\r\nX-Evil: 1",
        "Größe – Übersicht 🎥",
        "\x01\x1f\u202e",
        "x" * 255,
        "",
        "....",
        'a; filename="evil.html"',
    ],
)
def test_no_room_name_breaks_out_of_the_file_name(
    member: Client, recording: Recording, name: str
) -> None:
    recording.room.name = name
    recording.room.save()

    header = member.get(url_of(recording)).headers["Content-Disposition"]

    assert "\r" not in header
    assert "\n" not in header
    assert "/" not in header
    assert header.count("filename=") + header.count("filename*=") == 1
    assert ".webm" in header


def test_who_may_view_the_room_may_see_its_snapshots(client: Client) -> None:
    snapshot = store(SnapshotFactory(), b"jpeg", "image/jpeg")
    client.force_login(RoomMemberFactory(room=snapshot.room).user)

    response = client.get(url_of(snapshot))

    assert body(response) == b"jpeg"
    assert response.headers["Content-Type"] == "image/jpeg"

    client.force_login(UserFactory())
    assert client.get(url_of(snapshot)).status_code == 404


@pytest.mark.parametrize("said", ["text/html", "image/svg+xml", "image/png", "x\r\ny", ""])
def test_an_uploaded_file_is_a_download_whatever_it_calls_itself(client: Client, said: str) -> None:
    file = store(RoomFileFactory(name="evil.html"), b"<script>alert(1)</script>", "image/png")
    RoomFile.objects.filter(pk=file.pk).update(content_type=said)
    client.force_login(RoomMemberFactory(room=file.room).user)

    response = client.get(url_of(file))

    assert body(response) == b"<script>alert(1)</script>"
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.headers["Content-Disposition"] == 'attachment; filename="evil.html"'
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "_.._etc_passwd.webm"),
        ('a"; filename="b.html', "a_ filename_b.html"),
        (".htaccess", "htaccess.webm"),
        ("invoice\u202egpj.exe", "invoice_gpj.exe"),
        ("x" * 200 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_the_name_of_an_uploaded_file_harms_no_disk(client: Client, name: str, shown: str) -> None:
    file = store(RoomFileFactory(name=name))
    client.force_login(RoomMemberFactory(room=file.room).user)

    header = client.get(url_of(file)).headers["Content-Disposition"]

    assert header == f'attachment; filename="{shown}"'


def test_an_uploaded_file_without_a_name_is_called_by_its_public_id(client: Client) -> None:
    file = store(RoomFileFactory(name=".."))
    client.force_login(RoomMemberFactory(room=file.room).user)

    assert str(file.uuid) in client.get(url_of(file)).headers["Content-Disposition"]


def test_who_may_not_view_the_room_gets_none_of_its_files(client: Client) -> None:
    file = store(RoomFileFactory())

    assert client.get(url_of(file)).status_code == 302
    client.force_login(UserFactory())
    assert client.get(url_of(file)).status_code == 404


def test_a_file_that_is_not_here_is_not_found(client: Client) -> None:
    file = RoomFileFactory()
    client.force_login(RoomMemberFactory(room=file.room).user)

    assert client.get(url_of(file)).status_code == 404


def test_under_asgi_the_bytes_come_piece_by_piece(member: Client, recording: Recording) -> None:
    async def ask() -> list[bytes]:
        client = AsyncClient()
        client.cookies = member.cookies
        response = await client.get(url_of(recording), headers={"Range": "bytes=1-199999"})
        return [chunk async for chunk in response.streaming_content]

    chunks = async_to_sync(ask)()

    assert b"".join(chunks) == BYTES[1:200000]
    assert len(chunks) > 1


def test_a_range_of_an_empty_file_cannot_be_satisfied() -> None:
    with pytest.raises(UnsatisfiableRangeError):
        parse_range("bytes=0-", 0)


def test_a_range_counts_both_its_ends() -> None:
    assert ByteRange(0, 0).length == 1
