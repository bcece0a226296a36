"""Thousands of malformed requests: unsigned ones leave no trace, signed ones no error."""

from __future__ import annotations

import copy
import functools
import itertools
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from eyeson_meetings.models import Delivery, Meeting, Participant, Recording, Room, Snapshot
from tests.webhooks import post_signed, signature_of

pytestmark = pytest.mark.django_db

SAMPLES = Path(__file__).parent.parent / "webhook_samples"
URL = "/meetings/webhook/"
BODY = (SAMPLES / "recording_update.finished.json").read_bytes()
GOOD = signature_of(BODY)

#: What a stranger may send for a body; the rows of the table are theirs to fill, if we let them.
BODIES: tuple[bytes, ...] = (
    BODY,
    b"",
    b"null",
    b"[]",
    b"{",
    b"\x00" * 100,
    b"\xff\xfe\xfd",
    b"[" * 100_000,
    b'{"type": "room_update"}',
    b"9" * 5_000,
    b'{"a": NaN}',
    BODY.decode().encode("utf-16"),
    b"x" * (256 * 1024),
    b"a=1&b=2",
    b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x--",
)

#: None of them is a signature of any of the bodies. None: no header at all.
SIGNATURES: tuple[str | None, ...] = (
    None,
    "",
    " ",
    GOOD[:-1],
    GOOD + "0",
    GOOD * 79,
    GOOD[::-1],
    f"sha256={GOOD}",
    f"{GOOD},{GOOD}",
    f"{GOOD}, {GOOD}",
    f"{GOOD} {GOOD}",
    f"{GOOD}\n",
    f" {GOOD}",
    f"{GOOD}\x00",
    f'"{GOOD}"',
    GOOD[:-1] + "g",
    GOOD[:-1] + "é",
    GOOD[:-1] + "\xff",
    GOOD[:-1] + "٣",
    GOOD[:-1] + "\ud800",
    "０" * 64,
    "0" * 64,
    "F" * 64,
    "-" + GOOD[1:],
    "0x" + GOOD[2:],
    "é",
    "\r\n",
    "x" * 5_000,
    "{}",
    "null",
    "sandbox-api-key",
    signature_of(b"another body"),
    signature_of(BODY, key=""),
    signature_of(BODY, key="other-key"),
    signature_of(BODY.strip()),
    signature_of(json.dumps(json.loads(BODY)).encode()),
)

#: The signed bodies are tried in so many tests.
PORTIONS = 10

#: Content types; with the WSGI names of other headers.
KINDS: tuple[dict[str, str], ...] = (
    {"CONTENT_TYPE": "application/json"},
    {"CONTENT_TYPE": "multipart/form-data; boundary=x"},
    {"CONTENT_TYPE": "application/x-www-form-urlencoded; charset=nope"},
    {"CONTENT_TYPE": "\xff", "HTTP_X_FORWARDED_FOR": "1.2.3.4, \xff"},
)

#: What the values in signed bodies are replaced by.
REPLACEMENTS: tuple[Any, ...] = (
    None,
    {},
    [],
    "",
    True,
    0,
    -1,
    1.5,
    2**63,
    10**18,
    1e300,
    "x" * 10_000,
    "\x00",
    "a\x00b",
    "\ud800",
    "\x01\x7f\u202e",
    "../../etc/passwd",
    "🎥" * 200,
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z",
    "2025-09-04T08:30:12+99:99",
    "https://fs.eyeson.com/?X-Amz-Signature=canary",
    {"id": "desk"},
    {"id": {"id": []}},
    ["a", None, {"id": 1}],
    [[[[{"a": [{}]}]]]],
)

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
TIMES: tuple[Any, ...] = (
    1,
    "0",
    -86_400,
    10**15,
    253_402_300_799,
    "1970-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00",
    *((NOW + days * DAY).isoformat() for days in (-1, 1, 1.9, 400, 4000)),
    *(int((NOW + days * DAY).timestamp()) for days in (1, 4000)),
)
IDS = (
    "desk/17",
    "desk.17",
    ".",
    "..",
    "%2e%2e",
    "desk?x#y",
    "desk\r\n17",
    "\x1bdesk",
    " ",
    "-1",
    "+",
)
#: What the values of these names are replaced by as well.
REPLACEMENTS_BY_NAME: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("timestamp", "created_at", "started_at", "joined_at", "expires_at"), TIMES),
    **dict.fromkeys(("id", "room_id", "eyeson_id"), IDS),
    "duration": (540.0, "540", "-540", -540, 10**30, "1e400", "NaN", "Infinity", "540 s"),
}


def leaves_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values in a JSON value, objects too."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else ()
    for name, item in items:
        yield from leaves_of(item, (*path, name))


def named_variants_of(sample: dict[str, Any], path: tuple[Any, ...]) -> Iterator[dict[str, Any]]:
    """The sample with the value at `path` replaced by each of the replacements that its name has."""
    yield from _replaced(sample, path, REPLACEMENTS_BY_NAME.get(path[-1], ()))


def variants_of(sample: dict[str, Any], path: tuple[Any, ...]) -> Iterator[dict[str, Any]]:
    """The sample with the value at `path` replaced by each of the replacements, and left out."""
    yield from _replaced(sample, path, REPLACEMENTS)
    variant = copy.deepcopy(sample)
    del parent_of(variant, path)[path[-1]]
    yield variant


def _replaced(
    sample: dict[str, Any], path: tuple[Any, ...], replacements: tuple[Any, ...]
) -> Iterator[dict[str, Any]]:
    for replacement in replacements:
        variant = copy.deepcopy(sample)
        parent_of(variant, path)[path[-1]] = replacement
        yield variant


def parent_of(value: Any, path: tuple[Any, ...]) -> Any:
    for name in path[:-1]:
        value = value[name]
    return value


@functools.cache
def bodies_from_samples(
    variants: Callable[[dict[str, Any], tuple[Any, ...]], Iterator[dict[str, Any]]] = variants_of,
) -> list[bytes]:
    """Each value of each kind of sample once, replaced as `variants` says."""
    bodies: list[bytes] = []
    seen: set[tuple[str, tuple[Any, ...]]] = set()
    for path in sorted(SAMPLES.rglob("*.json")):
        sample = json.loads(path.read_bytes())
        for leaf in leaves_of(sample):
            if (sample["type"], leaf) not in seen:
                seen.add((sample["type"], leaf))
                bodies += [json.dumps(variant).encode() for variant in variants(sample, leaf)]
    return list(dict.fromkeys(bodies))


def test_thousands_of_unsigned_requests_leave_no_trace(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    statuses: Counter[int] = Counter()
    for body, signature, kind in itertools.product(BODIES, SIGNATURES, KINDS):
        headers = {} if signature is None else {"HTTP_X_EYESON_SIGNATURE": signature}
        length = {"CONTENT_LENGTH": str(len(body))}
        response = client.generic("POST", URL, body, **kind, **length, **headers)
        statuses[response.status_code] += 1
        assert response.content == b""

    assert statuses == {403: len(BODIES) * len(SIGNATURES) * len(KINDS)}
    assert statuses.total() >= 2_000
    assert not Delivery.objects.exists()
    assert "X-Amz" not in caplog.text


def test_the_samples_give_thousands_of_malformed_bodies() -> None:
    assert len(bodies_from_samples()) >= 2_000


# In portions: a database gets slow when a test's one transaction has too many parts.
@pytest.mark.slow
@pytest.mark.parametrize("portion", range(PORTIONS))
def test_signed_malformed_bodies_are_no_error(
    settings: Any, client: Client, caplog: pytest.LogCaptureFixture, portion: int
) -> None:
    caplog.set_level(logging.CRITICAL)
    settings.EYESON = eyeson = {**settings.EYESON}
    bodies = bodies_from_samples()[portion::PORTIONS]
    statuses: Counter[int] = Counter()
    # Every third is mirrored too, which takes a while: of each value other replacements than of the next.
    modes = itertools.cycle(("inline", "worker", "worker"))
    for body, eyeson["PROCESSING"] in zip(bodies, modes, strict=False):
        statuses[post_signed(client, body).status_code] += 1

    assert statuses == {204: len(bodies)}
    assert Delivery.objects.count() == len(bodies)
    assert not Delivery.objects.filter(payload__icontains="canary").exists()
    # Not one made the mirror stumble: it is understood, ignored, or refused for an id of it.
    assert not Delivery.objects.filter(state=Delivery.State.RECEIVED, attempts__gt=0).exists()
    assert Delivery.objects.filter(state=Delivery.State.DONE).count() > 200 / PORTIONS
    dead = Delivery.objects.filter(state=Delivery.State.DEAD)
    reasons = {error.split(" ")[0] for error in dead.values_list("error", flat=True)}
    assert reasons <= {"UnreadableRecordError"}
    for model in (Room, Meeting, Participant, Recording, Snapshot):
        # Each row can be read again, whatever was written.
        assert len(list(model.objects.all())) > 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"3",
        b'"x"',
        b"[]",
        b"true",
        b"not json",
        b"\xff\xfe",
        b"\x00",
        '{"type": "room_update"}'.encode("utf-16"),
        '{"type": "room_update"}'.encode("utf-8-sig"),
        b'{"type": ' * 25_000,
        b'{"type": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"type": ' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"timestamp": NaN}',
        b'{"timestamp": Infinity}',
        b'{"timestamp": 1e400}',
        b'{"timestamp": ' + b"9" * 5_000 + b"}",
    ],
    ids=range(18),
)
def test_a_signed_body_that_is_no_object_is_kept_dead(deliver: Any, body: bytes) -> None:
    # The test client names no length for an empty body; HTTP does.
    assert deliver(body, CONTENT_LENGTH=str(len(body))).status_code == 204

    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.payload) == (Delivery.State.DEAD, None)
    assert (delivery.length_bytes, len(delivery.digest)) == (len(body), 64)
    assert delivery.error


@pytest.mark.parametrize(
    "body",
    [
        b'{"type": "room_update", "type": "x", "room": {"id": "a", "id": "b"}}',
        b'{"type": "room_update", "room": {"id": "a"}, "recording": {"id": "b"}}',
        b'{"\\u0000": "\\u0000", "\\ud800": "\\udfff", "type": "room\\u0000_update"}',
        b"{" + b", ".join(b'"k%d": %d' % (n, n) for n in range(15_000)) + b"}",
        b'{"type": "room_update", "room": {"id": "a", "x": [' + b"0," * 100_000 + b"0]}}",
        b'{"type": ' + b'"' + b"x" * 250_000 + b'"}',
        b'{"": {"": {"": ""}}}',
        b"{}",
    ],
    ids=range(8),
)
def test_odd_objects_are_kept_on_every_database(settings: Any, deliver: Any, body: bytes) -> None:
    settings.EYESON = {**settings.EYESON, "PROCESSING": "inline"}

    assert deliver(body).status_code == 204

    delivery = Delivery.objects.get()
    assert delivery.state in (Delivery.State.DONE, Delivery.State.IGNORED)
    assert isinstance(delivery.payload, dict)
    with connection.cursor() as cursor:
        cursor.execute("SELECT payload FROM eyeson_meetings_delivery")
        assert cursor.fetchone()
