"""What statuses and bodies become."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from eyeson_meetings import exceptions
from eyeson_meetings.client import EyesonClient
from eyeson_meetings.exceptions import (
    EyesonError,
    FeatureDisabledError,
    ForbiddenError,
    KeyLockedError,
    KeyRefusedError,
    MeetingEndedError,
    MeetingLockedError,
    NotFoundError,
    UnavailableError,
    UnexpectedAnswerError,
)

from .rawserver import RawServer, answer

CALLS: dict[str, Callable[[EyesonClient], Any]] = {
    "API key": lambda client: client.rooms.join(user_name="Ada"),
    "access key": lambda client: client.recordings.start(access_key="canary-access-key"),
    "guest token": lambda client: client.guests.join(guest_token="canary-guest-token", name="Bo"),
    "kick": lambda client: client.users.kick(access_key="canary-access-key", user_id="bo"),
}


@pytest.mark.parametrize(
    ("status", "call", "error"),
    [
        *((400, call, exceptions.InvalidRequestError) for call in CALLS),
        (401, "API key", KeyRefusedError),
        (401, "access key", NotFoundError),
        (401, "guest token", NotFoundError),
        (403, "API key", KeyRefusedError),
        (403, "access key", ForbiddenError),
        (403, "guest token", ForbiddenError),
        (403, "kick", FeatureDisabledError),
        *((404, call, NotFoundError) for call in CALLS),
        (405, "access key", FeatureDisabledError),
        (406, "access key", exceptions.NotPossibleNowError),
        (409, "access key", exceptions.ConflictError),
        (410, "API key", NotFoundError),
        (410, "access key", MeetingEndedError),
        (410, "guest token", MeetingEndedError),
        (422, "API key", exceptions.InvalidRequestError),
        (423, "API key", KeyLockedError),
        (423, "access key", KeyLockedError),
        (423, "guest token", MeetingLockedError),
        *((429, call, UnavailableError) for call in CALLS),
        *((status, "API key", UnavailableError) for status in (408, 500, 502, 503, 504, 599)),
        (418, "API key", UnexpectedAnswerError),
        (451, "access key", UnexpectedAnswerError),
        *((status, "API key", UnexpectedAnswerError) for status in (301, 302, 303, 304, 307, 308)),
    ],
)
def test_a_status_becomes_the_error_that_its_credential_gives_it(
    client: EyesonClient,
    server: RawServer,
    waits: list[float],
    status: int,
    call: str,
    error: type[EyesonError],
) -> None:
    server.normally = answer(status, {"error": "So it is"}, Location="https://example.org/")

    with pytest.raises(EyesonError) as caught:
        CALLS[call](client)

    assert type(caught.value) is error
    assert caught.value.status == status
    assert caught.value.observed_at == datetime(2025, 9, 4, 8, 30, 12, tzinfo=UTC)
    assert str(status) in str(caught.value)
    if error is not UnexpectedAnswerError or status >= 400:
        assert caught.value.message == "So it is"


def test_every_error_of_eyeson_can_come() -> None:
    # Those not in the table above: NetworkError is tested with the transport.
    raised = {
        "ConflictError",
        "FeatureDisabledError",
        "ForbiddenError",
        "InvalidRequestError",
        "KeyLockedError",
        "KeyRefusedError",
        "MeetingEndedError",
        "MeetingLockedError",
        "NetworkError",
        "NotFoundError",
        "NotPossibleNowError",
        "UnavailableError",
        "UnexpectedAnswerError",
    }

    assert {kind.__name__ for kind in EyesonError.__subclasses__()} == raised


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": "Invalid access key"}, "Invalid access key"),
        ({"errors": ["name is required", "id is wrong"]}, "name is required; id is wrong"),
        ({"errors": "one text"}, "one text"),
        ({"error": {"text": "nested"}}, ""),
        ({"error": None, "errors": [1, None, {"a": 1}]}, ""),
        ({"locked": True}, ""),
        ([], ""),
        (b"", ""),
        (b"<html>Bad gateway</html>", ""),
        (b"\xff\xfe{", ""),
        (b"[" * 100_000, ""),
        ({"error": "x" * 5000}, "x" * 300),
        ({"error": "two\r\nlines\x00"}, "two lines"),
        ({"error": "see https://api.eyeson.team/rooms/abc?x=1 there"}, "see (link) there"),
        ({"error": "canary-access-key is no key of canary-api-key"}, "*** is no key of ***"),
    ],
)
def test_eyesons_own_words_are_told_without_secrets(
    client: EyesonClient, server: RawServer, body: Any, message: str
) -> None:
    server.normally = answer(400, body)

    with pytest.raises(exceptions.InvalidRequestError) as caught:
        client.recordings.start(access_key="canary-access-key")

    assert caught.value.message == message
    told = f": {message}" if message else ""
    assert str(caught.value) == (f"POST /rooms/:access_key/recording: eyeson answered 400{told}")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "an empty body"),
        (b"  ", "an empty body"),
        (b"<html>", "no JSON"),
        (b'{"id": ', "no JSON"),
        (b"[" * 100_000 + b"]" * 100_000, "no JSON"),
        (b"1" * 5000, "no JSON"),
        (b'{"id": NaN}', "no JSON"),
        (b'{"id": "\xff"}', "no JSON"),
        (b"[]", "A recording must be"),
        (b"null", "A recording must be"),
        (b'"id"', "A recording must be"),
        (b'{"id": 7}', "A recording must be"),
        (b'{"id": ""}', "A recording must be"),
        (b" " * (8 * 1024**2 + 1), "more than 8388608 bytes"),
    ],
)
def test_an_answer_that_cannot_be_read_is_an_error_without_its_text(
    client: EyesonClient, server: RawServer, body: bytes, problem: str
) -> None:
    server.normally = answer(200, body)

    with pytest.raises(UnexpectedAnswerError) as caught:
        client.recordings.get(recording_id="r")

    assert caught.value.message.startswith(problem)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "call", "may_be_done"),
    [
        (201, lambda client: client.rooms.join(user_name="Ada"), True),
        (302, lambda client: client.rooms.join(user_name="Ada"), False),
        (200, lambda client: client.recordings.get(recording_id="r"), False),
    ],
    ids=["a success", "a redirect", "a question"],
)
def test_an_act_may_be_done_when_the_answer_to_it_cannot_be_read(
    client: EyesonClient, server: RawServer, status: int, call: Any, may_be_done: bool
) -> None:
    server.normally = answer(status, b"<html>")

    with pytest.raises(UnexpectedAnswerError) as caught:
        call(client)

    assert caught.value.may_be_done is may_be_done


def test_a_compressed_answer_is_refused_unread(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(200, b"\x1f\x8b" + b"\x00" * 1000, Content_Encoding="gzip")

    with pytest.raises(UnexpectedAnswerError, match="compressed"):
        client.recordings.get(recording_id="r")

    assert server.requests[0].headers["Accept-Encoding"] == "identity"


def test_an_answer_says_when_it_was_given(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(200, {"id": "r"})

    observed_at = client.recordings.get(recording_id="r").observed_at

    assert observed_at == datetime(2025, 9, 4, 8, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 99 Sep 2025 08:30:12 GMT", "0"])
def test_without_a_date_it_is_now(client: EyesonClient, server: RawServer, date: str) -> None:
    server.normally = answer(200, {"id": "r"}, Date=date)

    observed_at = client.recordings.get(recording_id="r").observed_at

    assert abs(datetime.now(tz=UTC) - observed_at) < timedelta(minutes=1)
    assert observed_at.microsecond == 0


@pytest.mark.parametrize(
    ("wish", "seconds"),
    [
        ("3600", 3600),
        ("999999999999", 86_400),
        ("Thu, 04 Sep 2025 09:30:12 GMT", 3600),
        ("Thu, 04 Sep 2025 07:30:12 GMT", 0),
        ("soon", None),
        ("-5", None),
    ],
)
def test_how_long_eyeson_wants_us_to_wait_is_told(
    client: EyesonClient, server: RawServer, wish: str, seconds: float | None
) -> None:
    server.normally = answer(503, Retry_After=wish)

    with pytest.raises(UnavailableError) as caught:
        client.rooms.join(user_name="Ada")

    assert caught.value.retry_after_seconds == seconds


def test_answers_without_use_are_not_read(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(201, b"<html>Created")

    assert client.recordings.start(access_key="k").value is None
