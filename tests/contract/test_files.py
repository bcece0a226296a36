"""Files in meetings, as the sandbox has them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable

import pytest

from eyeson_meetings.client import (
    EyesonClient,
    File,
    LinkRules,
    Secret,
    open_download,
    sniff_content_type,
)
from eyeson_meetings.exceptions import (
    LinkExpiredError,
    MeetingEndedError,
    NotFoundError,
)
from eyeson_meetings.sandbox.server import SandboxServer

Join = Callable[..., Secret]
RULES = LinkRules(allowed_hosts=(), sandbox=True)
PDF = b"%PDF-1.4\n<< /Type /Pages /Count 2 >>\n<< /Type /Page >>\n<< /Type/Page >>\n%%EOF"


def upload(client: EyesonClient, key: Secret, content: bytes = PDF, name: str = "a.pdf") -> File:
    return client.files.upload(
        access_key=key, file=io.BytesIO(content), name=name, content_type="application/pdf"
    ).value


def fetched(link: Secret | None) -> bytes:
    assert link is not None
    with open_download(link, offset=0, etag=None, rules=RULES) as download:
        return b"".join(download.chunks(65536))


def test_a_file_is_converted_and_fetched(
    client: EyesonClient, sandbox: SandboxServer, join: Join
) -> None:
    sandbox.knobs.turn(converted_after_seconds=8.0)
    key = join()

    fresh = upload(client, key, name="Preise für Zoë.pdf")
    sandbox.advance(4)
    halfway = client.files.get(access_key=key, file_id=fresh.id).value
    sandbox.advance(4)
    done = client.files.get(access_key=key, file_id=fresh.id).value

    assert (fresh.name, fresh.content_type) == ("Preise für Zoë.pdf", "application/pdf")
    assert (fresh.converted, fresh.failed, fresh.download_link) == (False, False, None)
    shares = [file.conversion_progress for file in (fresh, halfway, done)]
    assert shares == [0.0, 0.5, 1.0]
    assert (halfway.slides, halfway.thumbnails) == ((), ())
    assert (done.converted, done.failed) == (True, False)
    assert fetched(done.download_link) == PDF
    pictures = [*done.slides, *done.thumbnails]
    assert len(pictures) == 4
    assert {sniff_content_type(fetched(link)) for link in pictures} == {"image/png"}


def test_a_large_file_arrives_whole(
    client: EyesonClient, sandbox: SandboxServer, join: Join
) -> None:
    content = bytes(range(256)) * 12_000

    sent = upload(client, join(), content, name="large.bin")

    kept = sandbox.state.rooms["standup"].files[sent.id].upload
    assert kept.length == len(content)
    assert kept.sha256 == hashlib.sha256(content).hexdigest()


def test_a_file_that_is_not_what_it_says_fails(
    client: EyesonClient, sandbox: SandboxServer, join: Join
) -> None:
    key = join()
    sent = upload(client, key, b"no PDF at all")
    sandbox.advance(5)

    file = client.files.get(access_key=key, file_id=sent.id).value

    assert (file.converted, file.failed) == (False, True)


def test_files_are_listed_renamed_and_deleted(client: EyesonClient, join: Join) -> None:
    key = join()
    first, second = upload(client, key, name="a.pdf"), upload(client, key, name="b.pdf")

    client.files.update(access_key=key, file_id=first.id, values={"name": "c.pdf"})
    listed = client.files.list(access_key=key).value
    client.files.delete(access_key=key, file_id=second.id)

    assert {file.id: file.name for file in listed} == {first.id: "c.pdf", second.id: "b.pdf"}
    assert [file.id for file in client.files.list(access_key=key).value] == [first.id]
    for call in (client.files.get, client.files.delete):
        with pytest.raises(NotFoundError):
            call(access_key=key, file_id=second.id)


def test_links_of_files_expire_and_are_renewed(
    client: EyesonClient, sandbox: SandboxServer, join: Join
) -> None:
    key = join()
    sent = upload(client, key)
    sandbox.advance(2)
    old = client.files.get(access_key=key, file_id=sent.id).value.download_link
    sandbox.advance(3600)
    fresh = client.files.get(access_key=key, file_id=sent.id).value.download_link

    assert old is not None
    with pytest.raises(LinkExpiredError):
        fetched(old)
    assert fetched(fresh) == PDF


def test_files_end_with_their_meeting(client: EyesonClient, join: Join) -> None:
    key = join()
    sent = upload(client, key)
    client.rooms.end(room_id="standup")

    with pytest.raises(MeetingEndedError):
        client.files.list(access_key=key)
    with pytest.raises(MeetingEndedError):
        client.files.get(access_key=key, file_id=sent.id)
    with pytest.raises(MeetingEndedError):
        upload(client, key)
    assert client.files.list(access_key=join()).value == []


def test_an_empty_file_is_a_file(client: EyesonClient, sandbox: SandboxServer, join: Join) -> None:
    key = join()
    sent = upload(client, key, b"")
    sandbox.advance(5)

    (file,) = client.files.list(access_key=key).value

    assert (file.id, file.failed) == (sent.id, True)
    assert sandbox.state.rooms["standup"].files[file.id].upload.length == 0
