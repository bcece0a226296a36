"""All lists and pages: constant cost, odd addresses, names with markup, and nothing secret."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from eyeson_meetings import models
from eyeson_meetings.models import (
    AccessKey,
    Broadcast,
    BroadcastTarget,
    Delivery,
    Invitation,
    Meeting,
    Participant,
    Recording,
    Room,
    RoomFile,
    RoomMember,
    Snapshot,
    SyncRun,
)
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.rooms import create_room, end_meeting
from tests import factories

from .conftest import button_of, come_in, list_of, page_of, start_meeting
from .crowds import clear, crowd, fill

pytestmark = pytest.mark.django_db

MODELS = (
    Broadcast,
    BroadcastTarget,
    Delivery,
    Invitation,
    Meeting,
    Participant,
    Recording,
    Room,
    RoomFile,
    RoomMember,
    Snapshot,
    SyncRun,
)
#: Their pages ask again and again what goes on.
SHOW_NOW = (Room, Meeting)
START = factories.STARTED_AT


@pytest.fixture(autouse=True)
def _no_static_lookups(settings: Any) -> None:
    # Templates look for overridden ones; that is no query, and nothing here depends on it.
    settings.DEBUG = False


def queries_of(browser: Client, address: str) -> tuple[int, Any]:
    """How many queries a page runs, and the page."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        response = browser.get(address)
    assert response.status_code == 200
    return len(queries), response


def test_every_model_but_secrets_and_facts_has_a_list() -> None:
    registered = {model for model in admin.site._registry if model in vars(models).values()}

    assert registered == set(MODELS)
    assert AccessKey not in admin.site._registry


@pytest.mark.any_database
@pytest.mark.slow
def test_every_list_runs_as_many_queries_at_a_thousand_rows_as_at_ten(root: Client) -> None:
    fill(10)
    few = {model.__name__: queries_of(root, list_of(model))[0] for model in MODELS}
    clear()

    fill(1000)
    many = {model.__name__: queries_of(root, list_of(model)) for model in MODELS}

    assert {name: count for name, (count, _) in many.items()} == few
    assert max(few.values()) <= 10, few
    assert all(len(page.context["cl"].result_list) == 50 for _, page in many.values())


@pytest.mark.any_database
@pytest.mark.slow
def test_every_page_runs_as_many_queries_with_a_thousand_rows_around_as_with_ten(
    root: Client,
) -> None:
    few, many = pages_with(root, 10), pages_with(root, 1000)

    assert max(few.values()) <= 20, few
    assert many == few


def pages_with(root: Client, number: int) -> dict[str, int]:
    """Queries of one change page a model, with `number` rows around each."""
    clear()
    fill(1)
    room = Room.objects.get()
    crowd(room, number)
    rows: dict[Any, Any] = {model: model.objects.order_by("-pk").first() for model in MODELS}
    rows[Participant] = Participant.objects.filter(name="P 0").get()
    # The first visit also learns what Django keeps in memory, such as content types.
    visits = [
        {model.__name__: queries_of(root, page_of(rows[model]))[0] for model in MODELS}
        | {
            f"{model.__name__} now": queries_of(root, button_of(rows[model], "now"))[0]
            for model in SHOW_NOW
        }
        for _ in range(2)
    ]
    return visits[1]


def test_a_room_reads_the_files_that_its_page_shows_and_no_others(
    root: Client,
) -> None:
    fill(1)
    room = Room.objects.get()
    crowd(room, 15)

    page, now = files_read(root, page_of(room)), files_read(root, button_of(room, "now"))

    assert sorted(page) == [("recording", "10"), ("roomfile", "10"), ("snapshot", "10")]
    assert now == []


def files_read(browser: Client, address: str) -> list[tuple[str, str]]:
    """From which tables of files a page reads at most how many rows, query by query."""
    with CaptureQueriesContext(connection) as queries:
        browser.get(address)
    read = r'FROM "eyeson_meetings_(recording|snapshot|roomfile)" .* LIMIT (\d+)$'
    return [pair for query in queries for pair in re.findall(read, query["sql"])]


def test_every_field_in_a_table_has_a_name_for_those_who_do_not_see_it(root: Client) -> None:
    fill(1)

    page = root.get(page_of(Room.objects.get())).content.decode()

    for name in ("members-0-role", "members-__prefix__-user", "members-0-DELETE",
                 "invitations-0-name"):  # fmt: skip
        (tag,) = re.findall(rf'<(?:input|select)[^>]* name="{name}"[^>]*>', page)
        assert 'aria-label="' in tag


def test_a_heading_says_when_a_page_shows_only_the_first_rows(root: Client) -> None:
    fill(1)
    room = Room.objects.get()
    before = root.get(page_of(room)).content.decode()
    crowd(room, 60)
    after = root.get(page_of(room)).content.decode()

    assert "(the first 50)" not in before
    assert after.lower().count("(the first 50)") >= 2


def test_a_room_with_many_members_can_be_saved(root: Client) -> None:
    fill(1)
    room = Room.objects.get()
    crowd(room, 300)
    form = root.get(page_of(room)).context

    response = root.post(page_of(room), {**form_fields(form), "name": "Renamed"})

    assert response.status_code == 302, response.content.decode()
    room.refresh_from_db()
    assert room.name == "Renamed"
    assert room.members.count() == 301


def form_fields(context: Any) -> dict[str, Any]:
    """What a browser would send back of a change page."""
    forms = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    fields = {}
    for form in forms:
        for bound in form:
            if bound.field.disabled:
                continue
            value = bound.value()
            fields[bound.html_name] = "" if value is None else value
    return fields


#: Queries of addresses that nobody would type with good intentions.
ODD_QUERIES = (
    "q=%00",
    "q=a%00b",
    "q=" + "x" * 5000,
    "q=%F0%9F%98%80%ED%A0%80",
    "q=%27%22%3Cb%3E%25_",
    "account=%00",
    "account=nobody",
    "state=%00",
    "type=%00",
    "id=%00",
    "id__exact=%00",
    "id=99999999999999999999",
    "id__in=99999999999999999999",
    "id=abc",
    "room__id__exact=%00",
    "meeting__room__id__exact=%00",
    "meeting__room__id__exact=99999999999999999999",
    "room__id__exact=99999999999999999999",
    "p=0",
    "p=-1",
    "p=99999999999",
    "p=abc",
    "p=%00",
    "o=99",
    "o=%00",
    "all=",
    "e=1",
    "nonsense=1",
    "%00=1",
    "uuid=abc",
)


@pytest.mark.begun_first
@pytest.mark.every_database
@pytest.mark.parametrize("model", MODELS)
def test_no_address_of_a_list_is_an_error(root: Client, model: Any) -> None:
    fill(1)

    statuses = {
        query: root.get(f"{list_of(model)}?{query}", follow=True).status_code
        for query in ODD_QUERIES
    }

    assert {query: status for query, status in statuses.items() if status not in (200, 400)} == {}
    # The connection still answers, whatever the database was asked.
    assert list(model.objects.all()[:1])


@pytest.mark.parametrize("model", MODELS)
def test_names_are_text_and_never_markup(root: Client, model: Any) -> None:
    fill(1)
    evil = '"><script>alert(1)</script>{{ 7|add:7 }}'
    Room.objects.update(name=evil)
    Participant.objects.update(name=evil, avatar="javascript:alert(1)")
    Invitation.objects.update(name=evil)
    BroadcastTarget.objects.update(name=evil)
    Broadcast.objects.update(player_url="javascript:alert(1)", platform=evil)
    RoomFile.objects.update(name=evil, error=evil)
    Delivery.objects.update(type=evil, room_eyeson_id=evil, error=evil)
    SyncRun.objects.update(error=evil, counts={evil: evil})
    get_user_model().objects.filter(is_staff=False).update(username=evil)

    row = model.objects.get()
    for address in (list_of(model), page_of(row)):
        page = root.get(address).content.decode()
        assert "<script>alert(1)" not in page
        assert 'href="javascript:' not in page
    assert "&lt;script&gt;alert(1)" in page


def test_no_page_shows_a_key_or_token(root: Client) -> None:
    fill(1)
    meeting = Meeting.objects.get()
    meeting.guest_token = "canary-guest-token"
    meeting.save()
    key = factories.AccessKeyFactory(meeting=meeting, key="canary-access-key")
    target = BroadcastTarget.objects.get()
    target.stream_key = "canary-stream-key"
    target.save()

    for model in MODELS:
        for row in model.objects.all():
            for address in (
                list_of(model),
                page_of(row),
                page_of(row).replace("change", "history"),
            ):
                page = root.get(address).content.decode()
                assert "canary-" not in page
                assert key.key_encrypted not in page
                assert meeting.guest_token_encrypted not in page
                assert target.stream_key_encrypted not in page
                assert "sandbox-api-key" not in page


@pytest.mark.parametrize(
    "model",
    [Broadcast, Delivery, Meeting, Participant, Recording, RoomFile, Snapshot, SyncRun],
)
def test_facts_can_be_neither_added_nor_changed_nor_deleted(root: Client, model: Any) -> None:
    fill(1)
    row = model.objects.get()
    page = page_of(row)

    assert root.get(f"{list_of(model)}add/").status_code == 403
    assert root.post(page, {"name": "x"}).status_code == 403
    assert root.post(page.replace("change", "delete"), {"post": "yes"}).status_code == 403
    assert model.objects.filter(pk=row.pk).exists()


def test_the_lists_of_rooms_says_what_goes_on(root: Client) -> None:
    running = factories.MeetingFactory(room__name="Busy")
    factories.ParticipantFactory(room=running.room, online=True)
    factories.ParticipantFactory(room=running.room, online=True, is_service=True)
    factories.MeetingFactory(room__name="Quiet", ended=True)
    factories.RoomFactory(name="New")
    factories.RoomFactory(name="Shut", closed_at=START)

    page = root.get(list_of(Room)).content.decode()

    rows = {
        name: page[page.index(f">{name}<") :].split("</tr>")[0]
        for name in ("Busy", "Quiet", "New", "Shut")
    }
    assert "eyeson-badge-running" in rows["Busy"]
    assert '<td class="field-people">1</td>' in rows["Busy"]
    assert "eyeson-badge-ended" in rows["Quiet"]
    assert "eyeson-badge-idle" in rows["New"]
    assert "eyeson-badge-closed" in rows["Shut"]


def test_rooms_with_a_running_meeting_come_first_with_host_and_number_of_people(
    root: Client, sandbox_account: SandboxServer
) -> None:
    earlier, later, idle = (create_room(name=name) for name in ("Earlier", "Later", "Idle"))
    names = [factories.UserFactory(username=f"host-{n}").username for n in range(3)]
    for name in names:
        user = get_user_model().objects.get(username=name)
        factories.RoomMemberFactory(room=earlier, user=user, role="host")
    factories.RoomMemberFactory(room=later, role="member")
    meeting = start_meeting(earlier, sandbox_account)
    sandbox_account.advance(60)
    start_meeting(later, sandbox_account)
    come_in(earlier, sandbox_account, "Ada")

    def listed() -> tuple[list[Room], str]:
        page = root.get(list_of(Room))
        return list(page.context["cl"].result_list), page.content.decode()

    rows, page = listed()
    assert rows == [earlier, later, idle]
    assert rows[0].running_since == meeting.started_at
    row = page[page.index(">Earlier<") :].split("</tr>")[0]
    assert f'<td class="field-host">{names[0]}, {names[1]}, …</td>' in row
    assert '<td class="field-people">2</td>' in row
    assert '<td class="field-host">-</td>' in page[page.index(">Later<") :].split("</tr>")[0]

    end_meeting(meeting=meeting)
    assert listed()[0] == [later, idle, earlier]


@pytest.mark.parametrize(
    ("field", "words"), [("is_recorded", "being recorded"), ("is_broadcast", "on air")]
)
@pytest.mark.parametrize("model", [Room, Meeting])
def test_the_lists_say_that_a_meeting_is_recorded_or_on_air(
    root: Client, model: Any, field: str, words: str
) -> None:
    meeting = factories.MeetingFactory()
    before = root.get(list_of(model)).content.decode()

    Meeting.objects.filter(pk=meeting.pk).update(**{field: True})
    after = root.get(list_of(model)).content.decode()

    assert f">{words}</span>" not in before
    assert f">{words}</span>" in after


@pytest.mark.parametrize("model", [Room, Meeting, Recording])
def test_rows_of_today_yesterday_and_the_past_week_are_a_click_away(
    root: Client, model: Any, settings: Any
) -> None:
    settings.TIME_ZONE = "Asia/Tokyo"
    # 23:00 in Tokyo; in UTC yesterday began nine hours later than there.
    now = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
    ages = {"today": 20, "yesterday": 25, "week": 24 * 7, "old": 24 * 8}
    with time_machine.travel(now, tick=False):
        for name, hours in ages.items():
            begun = now - timedelta(hours=hours)
            meeting = factories.MeetingFactory(room__name=name, started_at=begun)
            factories.RecordingFactory(meeting=meeting, created_at=begun)

        def rows(link: str) -> set[str]:
            page = root.get(list_of(model))
            (choice,) = [
                choice
                for spec in page.context["cl"].filter_specs
                for choice in spec.choices(page.context["cl"])
                if choice["display"] == link
            ]
            found = root.get(list_of(model) + choice["query_string"]).context["cl"].result_list
            return {getattr(row, "room", row).name for row in found}

        assert rows("Today") == {"today"}
        assert rows("Yesterday") == {"yesterday"}
        assert rows("Past 7 days") == {"today", "yesterday", "week"}


@pytest.mark.parametrize(("state", "names"), [("running", ["Busy"]), ("closed", ["Shut"])])
def test_rooms_are_filtered_by_state(root: Client, state: str, names: list[str]) -> None:
    factories.MeetingFactory(room__name="Busy")
    factories.MeetingFactory(room__name="Quiet", ended=True)
    factories.RoomFactory(name="Shut", closed_at=START)

    page = root.get(list_of(Room), {"state": state})

    assert [room.name for room in page.context["cl"].result_list] == names
