"""Who may do what. One class answers; a site names its own in `EYESON["POLICY"]`.

Inside a meeting eyeson knows no roles: whoever holds an access key may record, kick, lock and end it,
unless the *room's* options forbid that, and then they forbid it to the site's buttons too.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils.module_loading import import_string

from eyeson_meetings.conf import setting
from eyeson_meetings.models import Recording, Room, RoomMember

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser

    User = AbstractBaseUser | AnonymousUser


#: Django permissions of those who run the site, any of which makes an operator of staff.
OPERATING = (
    "change_syncrun",
    "replay_delivery",
    "view_broadcasttarget",
    "add_broadcasttarget",
    "change_broadcasttarget",
    "delete_broadcasttarget",
)


class DefaultPolicy:
    """Members join and watch, hosts moderate and record, permissions open every room.

    Override what differs; every method but `visible_rooms` answers a plain value.
    """

    def can_create_room(self, user: User) -> bool:
        """Whether `user` may make rooms by the REST API."""
        return self._has_permission(user, "add_room")

    def can_operate(self, user: User) -> bool:
        """Return whether `user` may replay webhooks, sync accounts, and manage webhooks and broadcast targets.

        Asked beside the Django permission for the action itself: both must agree.
        """
        is_staff = bool(getattr(user, "is_staff", False))
        return is_staff and any(self._has_permission(user, codename) for codename in OPERATING)

    def can_view(self, user: User, room: Room) -> bool:
        """Whether `user` may see the room and its status, but not its snapshots and files."""
        return self.can_join(user, room) or self._has_permission(user, "view_room")

    def can_join(self, user: User, room: Room) -> bool:
        """Whether `user` may enter the room as themselves."""
        return self._role(user, room) is not None or self._has_permission(user, "join_room")

    def can_moderate(self, user: User, room: Room) -> bool:
        """Whether `user` may end meetings, set their stage, keep order in them and invite guests."""
        return self._is_host(user, room) or self._has_permission(user, "moderate_room")

    def can_record(self, user: User, room: Room) -> bool:
        """Whether `user` may start, stop and delete recordings, and take and delete snapshots."""
        return self._is_host(user, room) or self._has_permission(user, "record_room")

    def can_broadcast(self, user: User, room: Room) -> bool:
        """Whether `user` may start and stop broadcasts, and send single streams on."""
        return self._is_host(user, room) or self._has_permission(user, "broadcast_room")

    def can_watch(self, user: User, recording: Recording) -> bool:
        """Whether `user` may play the recording. Asked on every request for a part of it."""
        return self._role(user, recording.room) is not None or self._has_permission(
            user, "watch_recording"
        )

    def can_download(self, user: User, room: Room) -> bool:
        """Return whether `user` may open the snapshots and files of the room: by default who may join it."""
        return self.can_join(user, room)

    def visible_rooms(self, user: User) -> QuerySet[Room]:
        """The rooms that lists show to `user`."""
        if not user.is_authenticated:
            return Room.objects.none()
        if self._has_permission(user, "view_room") or self._has_permission(user, "join_room"):
            return Room.objects.all()
        return Room.objects.of_user(user)

    def room_options(self, room: Room) -> dict[str, Any]:
        """The eyeson options that every join of this room sends (API reference 3.4)."""
        return dict(room.options)

    def planned_time(self, room: Room) -> tuple[datetime, datetime | None] | None:
        """Return when the next meeting begins and ends (aware), for the lobby and the guest page.

        The end is None if it is not known. By default the site does not say, and this returns None.
        """
        return None

    def display_name(self, user: User) -> str:
        """The name under which `user` appears in meetings."""
        full_name = getattr(user, "get_full_name", lambda: "")()
        return full_name or user.get_username()

    def _role(self, user: User, room: Room) -> str | None:
        if not user.is_authenticated:
            return None
        # In Python over `members.all()`, so that a prefetched list of rooms costs no query a room.
        for member in room.members.all():
            if member.user_id == user.pk:
                return member.role
        return None

    def _is_host(self, user: User, room: Room) -> bool:
        return self._role(user, room) == RoomMember.Role.HOST

    def _has_permission(self, user: User, codename: str) -> bool:
        # A site's own user model may know no permissions at all.
        has_perm = getattr(user, "has_perm", None)
        return has_perm is not None and bool(has_perm(f"eyeson_meetings.{codename}"))


def policy() -> DefaultPolicy:
    """The site's policy. Raises ImportError when `EYESON["POLICY"]` names no class."""
    chosen: DefaultPolicy = import_string(setting("POLICY"))()
    return chosen
