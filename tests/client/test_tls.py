"""Nothing is said to a server whose certificate nobody vouches for."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from eyeson_meetings.client import EyesonClient, LinkRules, Secret, open_download
from eyeson_meetings.exceptions import DownloadInterruptedError, NetworkError


def write_certificate(folder: Path) -> Path:
    """Key and certificate for 127.0.0.1, signed by themselves."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(tz=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def impostor(tmp_path: Path) -> Iterator[tuple[int, list[bytes]]]:
    """Port of a TLS server with a certificate of its own making, and what it was told."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(write_certificate(tmp_path))
    told: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            connection, _ = listener.accept()
            with connection:
                if is_over.is_set():
                    return
                try:
                    with context.wrap_socket(connection, server_side=True) as secured:
                        told.append(secured.recv(1000))
                except OSError:
                    continue

    is_over = threading.Event()
    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1], told
    is_over.set()
    socket.create_connection(listener.getsockname()).close()
    thread.join()
    listener.close()


def test_the_api_key_is_not_told_to_an_impostor(
    impostor: tuple[int, list[bytes]], waits: list[float]
) -> None:
    port, told = impostor
    client = EyesonClient(api_key="canary", base_url=f"https://localhost:{port}")

    with pytest.raises(NetworkError, match="certificate is not valid") as caught:
        client.rooms.join(user_name="Ada")

    assert caught.value.sent is False
    assert told == []


def test_not_even_the_sandbox_does_without_verification(
    impostor: tuple[int, list[bytes]], waits: list[float]
) -> None:
    port, told = impostor
    client = EyesonClient(api_key="canary", base_url=f"https://localhost:{port}", sandbox=True)

    with pytest.raises(NetworkError):
        client.rooms.list()

    assert told == []


def test_a_link_is_not_shown_to_an_impostor(impostor: tuple[int, list[bytes]]) -> None:
    port, told = impostor
    link = Secret(f"https://localhost:{port}/file?signature=canary")
    rules = LinkRules(allowed_hosts=(), sandbox=True)

    with (
        pytest.raises(DownloadInterruptedError),
        open_download(link, offset=0, etag=None, rules=rules),
    ):
        pytest.fail("An impostor was believed.")

    assert told == []
