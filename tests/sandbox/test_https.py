"""The sandbox over TLS: its links, its sockets, and who trusts it."""

from __future__ import annotations

import hashlib
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from eyeson_meetings.client import EyesonClient, LinkRules, Secret, open_download
from eyeson_meetings.client.sockets import Sockets
from eyeson_meetings.exceptions import DownloadInterruptedError, NetworkError
from eyeson_meetings.sandbox.options import DEFAULT_API_KEY
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.accounts import client_for

#: More than a connection or an answer takes on any machine.
PATIENT = (60.0, 60.0)


@pytest.fixture(scope="module")
def secured() -> Iterator[SandboxServer]:
    """A sandbox that serves HTTPS only."""
    with SandboxServer(https=True, auto_connect=True, strict_credentials=True) as sandbox:
        yield sandbox


def client_of(sandbox: SandboxServer, ca_file: str) -> EyesonClient:
    return EyesonClient(
        api_key=DEFAULT_API_KEY, base_url=sandbox.url, sandbox=True, ca_file=ca_file
    )


def certificate_of(sandbox: SandboxServer) -> Path:
    assert sandbox.certificate is not None
    return sandbox.certificate.path


def test_calls_links_and_sockets_go_over_tls_to_who_trusts_its_certificate(
    secured: SandboxServer,
) -> None:
    ca_file = str(certificate_of(secured))
    client = client_of(secured, ca_file)
    joined = client.rooms.join(room_id="standup", user_name="Ada").value
    assert joined.access_key is not None
    secured.advance(1)
    client.recordings.start(access_key=joined.access_key)
    client.recordings.stop(access_key=joined.access_key)
    secured.advance(2)
    recording = client.recordings.list(room_id="standup").value[0]
    assert recording.download is not None
    rules = LinkRules(allowed_hosts=(), sandbox=True, ca_file=ca_file)
    with open_download(recording.download, offset=0, etag=None, rules=rules) as download:
        head = next(iter(download.chunks(4)))
    with Sockets(
        api_key=DEFAULT_API_KEY,
        base_url=secured.url,
        timeouts_seconds=PATIENT,
        sandbox=True,
        ca_file=ca_file,
    ).observe(room_id="standup") as socket:
        first = next(socket.events()).value
    page = requests.get(secured.url + "/", verify=ca_file, timeout=60)
    raw = requests.get(
        f"{secured.url}/rooms/{joined.access_key.reveal()}", verify=ca_file, timeout=5
    ).json()
    client.close()

    assert head[:4] == b"\x1aE\xdf\xa3"
    assert first.type == "room_update"
    assert page.status_code == 200
    assert raw["links"]["websocket"].startswith(f"{secured.url}/rt?")
    assert raw["links"]["gui"].startswith(f"{secured.url}/")


def test_nobody_else_speaks_to_it(secured: SandboxServer) -> None:
    client, link = client_of(secured, ""), Secret(f"{secured.url}/_media/file")
    sockets = Sockets(
        api_key=DEFAULT_API_KEY, base_url=secured.url, timeouts_seconds=PATIENT, sandbox=True
    )
    rules = LinkRules(allowed_hosts=(), sandbox=True)
    before = len(secured.calls)

    with pytest.raises(NetworkError, match="certificate"):
        client.rooms.join(user_name="Ada")
    with (
        pytest.raises(DownloadInterruptedError),
        open_download(link, offset=0, etag=None, rules=rules),
    ):
        pytest.fail("A stranger was believed.")
    with pytest.raises(NetworkError), sockets.observe(room_id="standup"):
        pytest.fail("A stranger was believed.")
    client.close()

    assert len(secured.calls) == before


@pytest.mark.django_db
def test_a_site_is_told_by_its_account(secured: SandboxServer, settings: Any) -> None:
    account = {"API_KEY": DEFAULT_API_KEY, "BASE_URL": secured.url, "SANDBOX": True}
    account["CA_FILE"] = str(certificate_of(secured))
    settings.EYESON = {**settings.EYESON, "ACCOUNTS": {"default": account}}

    assert client_for("default").rooms.list().value is not None


def test_the_command_prints_what_to_trust_and_takes_it_away_again() -> None:
    command = [sys.executable, "-W", "error", "-m", "eyeson_meetings.sandbox"]
    with subprocess.Popen(
        [*command, "--https", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = [process.stdout.readline().rstrip() for _ in range(3)]
        path = Path(said[1].removeprefix("certificate to trust: "))
        url = said[0].split(" at ")[1].split(",")[0]
        answer = requests.get(f"{url}/rooms", verify=str(path), timeout=60)
        der = ssl.PEM_cert_to_DER_cert(path.read_text())
        mode = (path.parent / "key.pem").stat().st_mode & 0o777
        process.terminate()
        _, errors = process.communicate(timeout=60)

    assert answer.status_code == 403
    shown = said[2].removeprefix("its SHA-256: ").replace(":", "").lower()
    assert shown == hashlib.sha256(der).hexdigest()
    assert mode == 0o600
    assert (process.returncode, errors) == (0, "")
    assert not path.exists()
