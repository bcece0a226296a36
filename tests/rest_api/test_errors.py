"""One shape for everything that can go wrong."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions as rest

from eyeson_meetings import exceptions
from eyeson_meetings.rest_api.errors import PROBLEMS, answer_to


def kinds() -> list[type[Exception]]:
    """Every error of the package that a call may end in."""
    return [
        kind
        for kind in vars(exceptions).values()
        if isinstance(kind, type) and issubclass(kind, exceptions.EyesonError)
    ]


@pytest.mark.parametrize("kind", kinds())
def test_every_refusal_of_eyeson_has_a_status_and_words(kind: type[Exception]) -> None:
    response = answer_to(kind("POST /rooms/:access_key", message="eyeson's own words"), {})

    assert response is not None
    assert response.status_code in (409, 502, 503)
    assert set(response.data) == {"code", "message", "fields"}
    assert "own words" not in str(response.data)


def test_when_to_try_again_is_said_as_eyeson_said_it() -> None:
    error = exceptions.UnavailableError("GET /rooms", 429, retry_after_seconds=1.2)

    response = answer_to(error, {})

    assert response is not None
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Http404(), 404, "not_found"),
        (PermissionDenied(), 403, "permission_denied"),
        (exceptions.NotAllowedError(), 403, "permission_denied"),
        (rest.Throttled(wait=3), 429, "throttled"),
        (rest.ParseError(), 400, "parse_error"),
        (exceptions.UnknownAccountError(), 503, "not_set_up"),
        (exceptions.LinkRefusedError(), 502, "bad_link"),
        (exceptions.StreamTargetError("no address"), 400, "bad_target"),
        (exceptions.UploadRefusedError("empty"), 400, "bad_file"),
        (exceptions.UnusableIdError("DELETE /rooms/:room_id"), 409, "unusable_id"),
    ],
)
def test_other_errors_look_alike(error: Exception, status: int, code: str) -> None:
    response = answer_to(error, {})

    assert response is not None
    assert (response.status_code, response.data["code"]) == (status, code)


def test_what_is_wrong_with_values_is_said_by_field() -> None:
    detail: Any = {"name": ["too long"], "list": {0: ["bad"], "x": [{"y": ["worse"]}]}}

    response = answer_to(rest.ValidationError(detail), {})
    whole = answer_to(rest.ValidationError(["all wrong"]), {})
    by_a_service = answer_to(exceptions.ValueRefusedError("no address", field="url"), {})
    as_a_whole = answer_to(exceptions.ValueRefusedError("nothing given"), {})

    assert response is not None
    assert response.data["fields"] == {"name": ["too long"], "list": ["bad", "worse"]}
    assert whole is not None
    assert whole.data["fields"] == {"non_field_errors": ["all wrong"]}
    assert by_a_service is not None
    assert (by_a_service.status_code, by_a_service.data["code"]) == (400, "invalid")
    assert by_a_service.data["fields"] == {"url": ["no address"]}
    assert as_a_whole is not None
    assert as_a_whole.data["fields"] == {"non_field_errors": ["nothing given"]}


def test_what_is_not_undone_is_said_and_what_is_not_confirmed_too() -> None:
    still_there = answer_to(exceptions.NotUndoneError("DELETE /rooms/:room_id", 404), {})
    unseen = exceptions.NotFoundError("DELETE /rooms/:room_id/forward/:forward_id", 404)
    unseen.may_be_done = True
    not_confirmed = answer_to(unseen, {})

    assert still_there is not None
    assert (still_there.status_code, still_there.data["code"]) == (409, "not_undone")
    assert "but it still shows it. Nothing was done." in still_there.data["message"]
    assert not_confirmed is not None
    assert (not_confirmed.status_code, not_confirmed.data["code"]) == (503, "not_confirmed")


def test_a_mistake_of_ours_looks_like_one() -> None:
    assert answer_to(KeyError("x"), {}) is None
    assert answer_to(exceptions.NetworkInTransactionError(), {}) is None


def test_no_message_is_missing() -> None:
    assert all(problem.message is None or problem.message() for problem in PROBLEMS.values())
    own_words = exceptions.BroadcastRunningError("One runs at a time.", broadcast=None)
    response = answer_to(own_words, {})
    assert response is not None
    assert response.data["message"] == "One runs at a time."
