"""The policies of docs/permissions-cookbook.md do what the page says."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.test import Client
from django.utils import timezone

from eyeson_meetings.models import Room, RoomMember
from eyeson_meetings.policies import DefaultPolicy
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.rooms import create_room
from tests.admin.conftest import come_in, page_of, start_meeting
from tests.documented import code_blocks, section
from tests.factories import RecordingFactory, RoomFactory, RoomMemberFactory, UserFactory

pytestmark = [pytest.mark.django_db]

PAGE = Path(__file__).parent.parent / "docs" / "permissions-cookbook.md"
STRANGER = AnonymousUser()
STRICT = "A strict site: nobody records, broadcasts or removes people"


@pytest.fixture
def root(client: Client) -> Client:
    """The browser of somebody who may do everything."""
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


def buttons_of(root: Client, room: Room) -> str:
    """Return the room's page in the admin, without blanks around the labels of its buttons."""
    return re.sub(
        r">\s+|\s+<", lambda found: found[0].strip(), root.get(page_of(room)).content.decode()
    )


def recipe(name: str) -> DefaultPolicy:
    """The policy of that name, written as on the page, on top of those before it."""
    cookbook: dict[str, Any] = {"__name__": "mysite.policies"}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), flags=re.DOTALL):
        if "class " in block:
            exec(block, cookbook)  # noqa: S102 - our own documentation
        if name in cookbook:
            break
    made: DefaultPolicy = cookbook[name]()
    return made


def test_courses() -> None:
    algebra, teachers = Group.objects.create(name="algebra"), Group.objects.create(name="teachers")
    student, teacher, other = UserFactory(), UserFactory(), UserFactory()
    student.groups.add(algebra)
    teacher.groups.add(algebra, teachers)
    other.groups.add(teachers)
    room = RoomFactory(metadata={"course": "algebra"})
    plain = RoomFactory()
    RoomMemberFactory(room=plain, user=student)
    recording = RecordingFactory(room=room, meeting__room=room)
    policy = recipe("CoursePolicy")

    for user, joins, leads in [
        (student, True, False),
        (teacher, True, True),
        (other, False, False),
    ]:
        assert policy.can_view(user, room) is joins
        assert policy.can_join(user, room) is joins
        assert policy.can_watch(user, recording) is joins
        assert policy.can_moderate(user, room) is leads
        assert policy.can_record(user, room) is leads
        assert (room in policy.visible_rooms(user)) is joins
    assert set(policy.visible_rooms(student)) == {room, plain}
    assert policy.can_join(STRANGER, room) is False
    assert list(policy.visible_rooms(STRANGER)) == []
    # A room without a course is nobody's course.
    assert policy.can_join(other, plain) is False


@pytest.mark.parametrize(
    ("minutes_until", "is_open"), [(16, False), (14, True), (-29, True), (-31, False)]
)
def test_office_hours(minutes_until: int, is_open: bool) -> None:
    begins = timezone.now() + timedelta(minutes=minutes_until)
    ends = begins + timedelta(minutes=30)
    room = RoomFactory(metadata={"from": begins.isoformat(), "until": ends.isoformat()})
    host = RoomMemberFactory(room=room, role=RoomMember.Role.HOST).user
    client = RoomMemberFactory(room=room).user
    policy = recipe("OfficeHoursPolicy")

    assert policy.can_join(host, room) is True
    assert policy.can_join(client, room) is is_open
    assert policy.can_view(client, room) is True
    assert policy.can_view(UserFactory(), room) is False


def test_public_rooms() -> None:
    public, private = RoomFactory(metadata={"public": True}), RoomFactory()
    anybody = UserFactory()
    policy = recipe("PublicRoomsPolicy")

    assert [policy.can_join(anybody, room) for room in (public, private)] == [True, False]
    assert list(policy.visible_rooms(anybody)) == [public]
    assert policy.can_join(STRANGER, public) is False
    assert policy.can_moderate(anybody, public) is False


def test_confidential_talks_beside_ordinary_ones() -> None:
    confidential = RoomFactory(metadata={"kind": "confidential"}, options={"widescreen": True})
    ordinary = RoomFactory(options={"widescreen": True})
    host = UserFactory(first_name="Ada", last_name="Byron")
    for room in (confidential, ordinary):
        RoomMemberFactory(room=room, user=host, role=RoomMember.Role.HOST)
    policy = recipe("Policy")

    assert policy.can_record(host, confidential) is False
    assert policy.can_broadcast(host, confidential) is False
    assert policy.room_options(confidential) == {
        "widescreen": True,
        "recording_available": False,
        "broadcast_available": False,
    }
    assert policy.can_record(host, ordinary) is True
    assert policy.room_options(ordinary) == {"widescreen": True}
    assert recipe("ConfidentialPolicy").display_name(host) == "Ada"


def test_a_strict_site(root: Client, sandbox_account: SandboxServer, settings: Any) -> None:
    text = section("docs/permissions-cookbook.md", STRICT)
    eyeson = dict(settings.EYESON)
    exec(code_blocks(text, "python")[0], {"EYESON": eyeson})  # noqa: S102 - our own documentation
    free = create_room(name="Free")
    settings.EYESON = eyeson
    strict = create_room(name="Strict")
    for room in (free, strict):
        start_meeting(room, sandbox_account)
        come_in(room, sandbox_account, "Ada")
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| \*([^|*]+)\*", text, flags=re.MULTILINE)

    assert {option: False for option, button in rows} == strict.options
    for option, button in rows:
        assert f">{button}<" in buttons_of(root, free), option
        assert f">{button}<" not in buttons_of(root, strict), option


def test_auditors() -> None:
    room, auditor = RoomFactory(), UserFactory()
    auditor.user_permissions.set(
        Permission.objects.filter(codename__in=["view_room", "watch_recording"])
    )
    recording = RecordingFactory(room=room, meeting__room=room)
    policy = DefaultPolicy()

    assert policy.can_view(auditor, room) is True
    assert policy.can_watch(auditor, recording) is True
    assert room in policy.visible_rooms(auditor)
    for may in (policy.can_join, policy.can_moderate, policy.can_record, policy.can_broadcast):
        assert may(auditor, room) is False


def test_permissions_for_single_rooms(settings: Any) -> None:
    from guardian.shortcuts import assign_perm

    settings.AUTHENTICATION_BACKENDS = [
        "django.contrib.auth.backends.ModelBackend",
        "guardian.backends.ObjectPermissionBackend",
    ]
    given, other, of_member = RoomFactory(), RoomFactory(), RoomFactory()
    recording = RecordingFactory(room=given, meeting__room=given)
    user = UserFactory()
    RoomMemberFactory(room=of_member, user=user)
    policy = recipe("ObjectPermissionPolicy")

    for may, permission, row in [
        (policy.can_join, "join_room", given),
        (policy.can_moderate, "moderate_room", given),
        (policy.can_record, "record_room", given),
        (policy.can_broadcast, "broadcast_room", given),
        (policy.can_watch, "watch_recording", recording),
    ]:
        assert may(user, row) is False
        assert may(STRANGER, row) is False
        assign_perm(f"eyeson_meetings.{permission}", user, row)
        user = type(user).objects.get(pk=user.pk)
        assert may(user, row) is True
    assert [policy.can_view(user, room) for room in (given, other)] == [True, False]
    assert policy.can_join(user, other) is False
    assert set(policy.visible_rooms(user)) == {given, of_member}
    assert list(policy.visible_rooms(STRANGER)) == []
    assert policy.can_view(UserFactory(), given) is False
