"""A certificate of the sandbox's own making, for those who want to try with TLS."""

import ipaddress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = timedelta(days=7)


@dataclass(frozen=True)
class Certificate:
    """Certificate and key of one run, in a folder that is gone when the sandbox stops."""

    #: The certificate (PEM): what a client is told to trust.
    path: Path
    #: SHA-256 of the certificate, as `openssl x509 -fingerprint -sha256` prints it.
    fingerprint: str
    key_path: Path = field(repr=False)
    folder: TemporaryDirectory[str] = field(repr=False)

    def remove(self) -> None:
        """Delete both files."""
        self.folder.cleanup()


def make_certificate(host: str) -> Certificate:
    """A certificate, signed by itself, for this machine's names and for `host`."""
    key = ec.generate_private_key(ec.SECP256R1())
    made = _signed(key, host)
    folder = TemporaryDirectory(prefix="eyeson-sandbox-")
    path, key_path = Path(folder.name, "certificate.pem"), Path(folder.name, "key.pem")
    key_path.touch(mode=0o600)
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    fingerprint = made.fingerprint(hashes.SHA256()).hex(":").upper()
    return Certificate(path, fingerprint, key_path, folder)


def _signed(key: ec.EllipticCurvePrivateKey, host: str) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "eyeson sandbox")])
    now = datetime.now(tz=UTC)
    public = key.public_key()
    # Its own authority: those who trust it trust nothing else by it.
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(_names(host), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )


def _names(host: str) -> x509.SubjectAlternativeName:
    names: list[x509.GeneralName] = []
    for text in dict.fromkeys(("localhost", "127.0.0.1", "::1", host)):
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(text)))
        except ValueError:
            names.append(x509.DNSName(text))
    return x509.SubjectAlternativeName(names)
