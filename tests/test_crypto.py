"""Secrets at rest."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet

from eyeson_meetings import crypto
from eyeson_meetings.exceptions import SecretUnreadableError


def test_a_secret_comes_back_as_it_was() -> None:
    for text in ("access-key", "", "Schlüssel 🔑"):
        assert crypto.decrypt(crypto.encrypt(text)) == text


def test_what_is_stored_tells_nothing_of_the_secret() -> None:
    tokens = {crypto.encrypt("access-key") for _ in range(2)}

    assert len(tokens) == 2
    assert not any("access-key" in token for token in tokens)


def test_a_secret_survives_a_new_secret_key_while_the_old_one_is_a_fallback(settings: Any) -> None:
    token = crypto.encrypt("access-key")

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", [settings.SECRET_KEY]

    assert crypto.decrypt(token) == "access-key"


def test_secret_keys_of_bytes_and_of_text_are_the_same(settings: Any) -> None:
    token = crypto.encrypt("access-key")

    settings.SECRET_KEY = settings.SECRET_KEY.encode()

    assert crypto.decrypt(token) == "access-key"


def test_keys_of_the_setting_are_used_newest_first(settings: Any) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.EYESON = {**settings.EYESON, "ENCRYPTION_KEYS": [old]}
    token = crypto.encrypt("access-key")

    settings.EYESON = {**settings.EYESON, "ENCRYPTION_KEYS": [new, old]}
    settings.SECRET_KEY = "has nothing to do with it"

    assert crypto.decrypt(token) == "access-key"
    assert Fernet(new).decrypt(crypto.encrypt("access-key")) == b"access-key"


@pytest.mark.parametrize("token", ["", "no token", "gAAAAABnonsense==", "ключ"])
def test_what_no_key_of_the_site_made_cannot_be_read(token: str) -> None:
    with pytest.raises(SecretUnreadableError, match="SECRET_KEY_FALLBACKS"):
        crypto.decrypt(token)


def test_an_error_of_a_lost_key_tells_neither_token_nor_key(settings: Any) -> None:
    token = crypto.encrypt("access-key")
    settings.SECRET_KEY = "another"

    with pytest.raises(SecretUnreadableError) as caught:
        crypto.decrypt(token)

    assert token not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
