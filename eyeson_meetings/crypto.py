"""Secrets at rest: encrypted with Fernet, decrypted where they are used and nowhere else."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.encoding import force_bytes

from eyeson_meetings.conf import setting
from eyeson_meetings.exceptions import SecretUnreadableError


def encrypt(text: str) -> str:
    """`text` as a token that only this site's keys can read."""
    return _fernet().encrypt(text.encode()).decode("ascii")


def decrypt(token: str) -> str:
    """The text of a token made by `encrypt`.

    Raises SecretUnreadableError when none of the site's keys, current or retired, made it.
    """
    try:
        return _fernet().decrypt(token.encode()).decode()
    except (InvalidToken, UnicodeDecodeError):
        raise SecretUnreadableError(
            "A stored secret cannot be decrypted: the key that made it is neither in "
            'EYESON["ENCRYPTION_KEYS"] nor among SECRET_KEY and SECRET_KEY_FALLBACKS. '
            "Put the old key back at the end of the list."
        ) from None


def is_current(token: str) -> bool:
    """Return whether the newest key made `token`."""
    try:
        _keys()[0].decrypt(token.encode())
    except InvalidToken:
        return False
    return True


def rotate(token: str) -> str:
    """Return a token of the newest key for the same text. Raises SecretUnreadableError."""
    return encrypt(decrypt(token))


def _fernet() -> MultiFernet:
    return MultiFernet(_keys())


def _keys() -> list[Fernet]:
    keys = setting("ENCRYPTION_KEYS")
    if not keys:
        keys = [_derived_key(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    return [Fernet(key) for key in keys]


def _derived_key(secret_key: str | bytes) -> bytes:
    # The prefix keeps this key apart from every other use of SECRET_KEY.
    digest = hashlib.sha256(b"eyeson_meetings.encryption:" + force_bytes(secret_key)).digest()
    return base64.urlsafe_b64encode(digest)
