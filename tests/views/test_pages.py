"""What the pages share: words for every error, the redirect into a meeting, and a frame that sites replace."""

from __future__ import annotations

import inspect
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import translation

from eyeson_meetings import exceptions
from eyeson_meetings.client import Secret
from eyeson_meetings.models import Participant, Room
from eyeson_meetings.services.guests import guest_token_for
from eyeson_meetings.services.rooms import JoinedRoom
from eyeson_meetings.views.pages import JOIN_ERRORS, MeetingRedirect, trouble_of, trouble_page
from tests.factories import (
    MeetingFactory,
    ParticipantFactory,
    RecordingFactory,
    RoomFactory,
    RoomMemberFactory,
    UserFactory,
)
from tests.services.meetings import CLOSED_PORT, use_account

from .answers import assert_page_headers

JOIN_ERROR_CLASSES = [
    error
    for _, error in inspect.getmembers(exceptions, inspect.isclass)
    if issubclass(error, JOIN_ERRORS)
]


class Page(HTMLParser):
    """What a browser finds in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def instance_of(error: type[Exception]) -> Any:
    if issubclass(error, exceptions.NetworkError):
        return error("POST /rooms", "short and stout")
    if issubclass(error, exceptions.EyesonError):
        return error("POST /rooms", 418, "short and stout")
    return error("said plainly")


@pytest.mark.parametrize("error", JOIN_ERROR_CLASSES)
def test_every_error_of_a_join_has_a_status_and_words(error: type[Exception]) -> None:
    trouble = trouble_of(instance_of(error))

    assert 400 <= trouble.status < 600
    assert trouble.title
    assert trouble.text
    assert "short and stout" not in trouble.title + trouble.text


@pytest.mark.parametrize(
    ("error", "status", "can_retry"),
    [
        (exceptions.RoomClosedError(), 409, False),
        (exceptions.MeetingNotRunningError(), 409, True),
        (exceptions.MeetingEndedError("POST /guests/:guest_token", 410), 410, True),
        (exceptions.MeetingLockedError("POST /guests/:guest_token", 423), 423, True),
        (exceptions.NetworkError("POST /rooms"), 503, True),
        (exceptions.UnavailableError("POST /rooms", 500), 503, True),
        (exceptions.KeyRefusedError("POST /rooms", 403), 503, True),
        (exceptions.KeyLockedError("POST /rooms", 423), 503, True),
        (exceptions.ConfigurationError("x"), 503, True),
        (exceptions.SecretUnreadableError("x"), 503, True),
        (exceptions.LinkRefusedError("x"), 502, True),
        (exceptions.InvalidRequestError("POST /rooms", 400), 502, True),
    ],
)
def test_what_the_status_says(
    error: exceptions.EyesonMeetingsError, status: int, can_retry: bool
) -> None:
    trouble = trouble_of(error)

    assert (trouble.status, trouble.can_retry) == (status, can_retry)


def test_eyesons_wish_to_be_left_alone_is_passed_on_in_whole_seconds() -> None:
    request = RequestFactory().post("/")
    request.user = AnonymousUser()
    error = exceptions.UnavailableError("POST /rooms", 503, retry_after_seconds=1.2)

    response = trouble_page(request, error, room=Room(name="Board"), retry_url="/try/")

    assert response.headers["Retry-After"] == "2"


def test_the_redirect_into_a_meeting_keeps_its_address_to_itself() -> None:
    joined = JoinedRoom(
        url=Secret("https://app.eyeson.team/?canary"), participant=Participant(), meeting=None
    )

    response = MeetingRedirect(joined)

    assert response.status_code == 303
    assert response.headers["Location"] == "https://app.eyeson.team/?canary"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "canary" not in repr(response) + repr(joined)


# All pages


@pytest.fixture
def pages(client: Client, settings: Any, db: None) -> dict[str, Any]:
    """An answer of every page, by the name of its template."""
    use_account(settings, BASE_URL=CLOSED_PORT)
    room = RoomFactory(name="Board", guest_access=Room.GuestAccess.LINK)
    meeting = MeetingFactory(room=room)
    ParticipantFactory(room=room, online=True)
    recording = RecordingFactory(meeting=meeting, store_state="stored", size_bytes=10)
    lobby = reverse("eyeson:join", args=[room.uuid])
    guest = reverse("eyeson:guest", args=[guest_token_for(room=room)])
    client.force_login(RoomMemberFactory(room=room).user)
    other = Client()
    other.force_login(UserFactory())
    return {
        "lobby": client.get(lobby),
        "trouble": client.post(lobby),
        "recording": client.get(reverse("eyeson:recording", args=[recording.uuid])),
        "refused": other.get(lobby),
        "guest": client.get(guest),
        "guest_gone": client.get(guest[:-2] + "x/"),
    }


def test_every_page_has_the_headers(pages: dict[str, Any]) -> None:
    for name, response in pages.items():
        assert [template.name for template in response.templates][0].endswith(f"/{name}.html")
        assert_page_headers(response)


def test_every_page_can_be_read_by_all(pages: dict[str, Any]) -> None:
    for name, response in pages.items():
        page = Page(response.content.decode())
        headings = [int(tag[1]) for tag, _ in page.elements if tag in ("h1", "h2", "h3")]

        assert page.all("html")[0]["lang"], name
        assert len(page.all("main")) == 1, name
        assert headings[0] == 1, name
        assert headings.count(1) == 1, name
        assert page.all("meta")[1]["content"] == "width=device-width, initial-scale=1", name
        labelled = {label["for"] for label in page.all("label")}
        for field in page.all("input"):
            assert field["type"] == "hidden" or field["id"] in labelled, name
        for video in page.all("video"):
            assert video["aria-label"], name
        ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
        assert len(ids) == len(set(ids)), name


def test_no_page_loads_from_elsewhere_or_carries_script_or_style(pages: dict[str, Any]) -> None:
    for name, response in pages.items():
        page = Page(response.content.decode())

        assert page.all("style") == [], name
        for script in page.all("script"):
            assert script["src"], name
            assert script["type"] == "module", name
        for _, attributes in page.elements:
            assert "style" not in attributes, name
            assert not [attribute for attribute in attributes if attribute.startswith("on")], name
            for attribute in ("src", "href", "action"):
                assert (attributes.get(attribute) or "/").startswith("/"), name


def test_no_page_but_the_redirect_names_a_key(pages: dict[str, Any]) -> None:
    for response in pages.values():
        assert "sandbox-api-key" not in response.content.decode()


@pytest.mark.django_db
def test_a_site_may_give_the_pages_a_frame_of_its_own(
    client: Client, settings: Any, tmp_path: Any
) -> None:
    folder = tmp_path / "eyeson_meetings"
    folder.mkdir()
    (folder / "base.html").write_text(
        "<title>Site: {% block title %}{% endblock %}</title>"
        "{% block head %}{% endblock %}<nav></nav>{% block content %}{% endblock %}"
    )
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]

    page = client.get("/meetings/guest/x/").content.decode()

    assert page.startswith("<title>Site:")
    assert "<nav></nav>" in page
    assert "This link does not open a meeting" in page


@pytest.mark.django_db
def test_a_site_with_a_frame_of_its_own_keeps_the_styles_of_framed_pages(
    client: Client, settings: Any, tmp_path: Any
) -> None:
    (tmp_path / "eyeson_meetings").mkdir()
    (tmp_path / "eyeson_meetings" / "base.html").write_text(
        "<a href='#main'>Skip</a><h1>Site</h1>{% block content %}{% endblock %}"
    )
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    room = RoomFactory(name="Board")
    client.force_login(RoomMemberFactory(room=room).user)
    lobby = reverse("eyeson:join", args=[room.uuid])

    framed = client.get(f"{lobby}?embed=1").content.decode()

    assert "eyeson-embedded" in framed
    assert "eyeson_meetings/eyeson.css" in framed
    assert "Skip" not in framed
    assert framed.count("<h1") == 1
    assert "Skip" in client.get(lobby).content.decode()


@pytest.mark.django_db
def test_the_pages_need_no_context_processor(client: Client, settings: Any) -> None:
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "OPTIONS": {}}]
    room = RoomFactory()
    client.force_login(RoomMemberFactory(room=room).user)

    page = client.get(reverse("eyeson:join", args=[room.uuid])).content.decode()

    assert "csrfmiddlewaretoken" in page
    assert "<eyeson-room-status" in page


@pytest.mark.django_db
def test_right_to_left_languages_run_from_right_to_left(client: Client) -> None:
    with translation.override("ar"):
        page = client.get("/meetings/guest/x/", headers={"Accept-Language": "ar"})

    assert '<html lang="ar"' in page.content.decode()
    assert 'dir="rtl"' in page.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [
        "/meetings/rooms/1/",
        "/meetings/rooms/%00/",
        "/meetings/rooms/../../etc/passwd/",
        "/meetings/recordings/-1/",
        f"/meetings/recordings/{'9' * 5000}/file/",
        "/meetings/guest/",
    ],
)
def test_addresses_that_make_no_sense_are_not_found(client: Client, path: str) -> None:
    client.force_login(UserFactory())

    assert client.get(path, follow=True).status_code == 404
