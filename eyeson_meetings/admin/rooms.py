"""Rooms: what goes on in each, who may enter, and the buttons that open, record, end and close."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import (
    Count,
    F,
    IntegerField,
    OuterRef,
    Prefetch,
    ProtectedError,
    QuerySet,
    Subquery,
    prefetch_related_objects,
)
from django.db.models.functions import Coalesce
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eyeson_meetings import conf
from eyeson_meetings.databases import database_alias
from eyeson_meetings.exceptions import ValueRefusedError
from eyeson_meetings.models import Meeting, Participant, Room, RoomMember
from eyeson_meetings.models.rooms import lookups_of_now
from eyeson_meetings.policies import policy
from eyeson_meetings.services import guests, rooms
from eyeson_meetings.services.status import latest_meeting, state_of
from eyeson_meetings.services.values import plain_id
from eyeson_meetings.views.pages import MeetingRedirect

from .acting.groups import ROOM
from .acting.meetings import MEETING_BUTTONS, MeetingButtonsMixin
from .acting.now import room_state_badge
from .invitations import InvitationInline
from .members import RoomMemberInline
from .parts.base import DjangoAdmin, ListMixin
from .parts.buttons import Button
from .parts.filters import AccountFilter, MeetingDateFilter, RoomStateFilter
from .parts.guest_links import GuestLinkMixin
from .parts.room_options import OptionsField
from .parts.room_tables import tables_of
from .parts.showing import NOTHING, shown_activity, shown_json, shown_time, with_moments
from .permalinks import PERMALINK_BUTTONS, PERMALINK_FIELDS, PermalinkAdminMixin
from .sync_runs import sync_soon

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

#: What hangs on a room and is never deleted with it, besides the people whom eyeson knew there.
HISTORY = ("meetings", "recordings", "snapshots")
#: What the page only shows.
DETAILS = with_moments(
    Room, "created_at", "closed_at", "adopted", "eyeson_id", "uuid", "metadata_as_text"
)
#: In each row of the list.
HOSTS_SHOWN = 2


class RoomForm(forms.ModelForm):
    """What people may say about a room; the rest is eyeson's word or a button."""

    options = OptionsField(
        label=gettext_lazy("eyeson options"),
        required=False,
        help_text=gettext_lazy("They hold from the first join of the next meeting on."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As any model form."""
        super().__init__(*args, **kwargs)
        if "account" in self.fields:
            aliases = [(alias, alias) for alias in conf.account_aliases()]
            self.fields["account"] = forms.ChoiceField(
                label=self.fields["account"].label, choices=aliases
            )
        if not self.instance.pk:
            self.initial.setdefault("options", conf.setting("ROOM_OPTIONS"))
            if "name" in self.fields:
                self.fields["name"].required = True

    def clean_eyeson_id(self) -> str:
        """Return the id, for admins of a site that let people choose it. Raises ValidationError for a bad new one."""
        eyeson_id: str = self.cleaned_data["eyeson_id"]
        if eyeson_id == self.initial.get("eyeson_id"):
            return eyeson_id
        try:
            return plain_id(eyeson_id, field="eyeson_id")
        except ValueRefusedError as error:
            raise forms.ValidationError(str(error)) from error


class RoomAdminMixin(PermalinkAdminMixin, GuestLinkMixin, MeetingButtonsMixin, ListMixin):
    """The page of one room."""

    form = RoomForm
    change_form_template = "admin/eyeson_meetings/room_change_form.html"
    buttons = (
        Button(
            path="open",
            label=gettext_lazy("Open"),
            run="open",
            may="may_join",
            when="is_not_closed",
            new_tab=True,
            group=ROOM,
        ),
        Button(
            path="guest-link",
            label=gettext_lazy("Copy guest link"),
            run="show_guest_link",
            may="may_moderate",
            when="has_guest_link",
            copies="guest_link",
            group=ROOM,
        ),
        Button(
            path="renew-guest-link",
            label=gettext_lazy("Replace guest link"),
            run="renew_guest_link",
            may="may_moderate",
            when="has_guest_link",
            question=gettext_lazy(
                "The room gets a new guest link, and all that were handed out open nothing any more. "
                "Personal invitations stay valid."
            ),
            group=ROOM,
        ),
        Button(
            path="close",
            label=gettext_lazy("Refuse new joins"),
            run="close",
            may="may_moderate",
            when="is_not_closed",
            question=gettext_lazy(
                "Nobody can join any more. A meeting in progress goes on, and all that was stays here."
            ),
            group=ROOM,
        ),
        Button(
            path="reopen",
            label=gettext_lazy("Allow new joins"),
            run="reopen",
            may="may_moderate",
            when="is_closed",
            group=ROOM,
        ),
        *PERMALINK_BUTTONS,
        *MEETING_BUTTONS,
    )
    actions = ("sync_accounts",)
    list_display = ("__str__", "state", "people", "host", "last_meeting", "guest_access", "account")
    list_filter = (RoomStateFilter, MeetingDateFilter, "guest_access", AccountFilter, "adopted")
    #: Running meetings first, those that have run longest at the front. There is an index for it.
    ordering: ClassVar[tuple[Any, ...]] = (F("running_since").asc(nulls_last=True), "-pk")
    search_fields = ("name", "eyeson_id", "=uuid")
    fieldsets = (
        (None, {"fields": ("name", "guest_access", "account")}),
        (gettext_lazy("Advanced"), {"fields": ("options",), "classes": ("collapse",)}),
        (
            gettext_lazy("Details"),
            {
                "fields": DETAILS,
                "classes": ("collapse",),
            },
        ),
    )
    readonly_fields: ClassVar[tuple[Any, ...]] = DETAILS
    inlines = (RoomMemberInline, InvitationInline)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new room has no details yet."""
        if obj is None:
            return self.fieldsets[:-1]
        return (*self.fieldsets[:1], *self.permalink_fieldsets(obj), *self.fieldsets[1:])

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A room stays in its account."""
        if obj is None:
            return self.readonly_fields
        return ("account", *self.readonly_fields, *PERMALINK_FIELDS)

    def get_list_display(self, request: HttpRequest) -> Any:
        """The account where there are several."""
        return self.list_display if len(conf.account_aliases()) > 1 else self.list_display[:-1]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Room]:
        """With facts of the newest meeting and the number of people who are in, by indexed look-ups in each row."""
        newest = Meeting.objects.real().filter(room=OuterRef("pk")).order_by("-started_at")
        people = (
            Participant.objects.people()
            .filter(room=OuterRef("pk"), online=True)
            .order_by()
            .values("room")
            .annotate(number=Count("pk"))
        )
        rows: QuerySet[Room] = super().get_queryset(request)
        return rows.annotate(
            last_started_at=Subquery(newest.values("started_at")[:1]),
            last_ready_at=Subquery(newest.values("ready_at")[:1]),
            last_ended_at=Subquery(newest.values("ended_at")[:1]),
            last_is_recorded=Subquery(newest.values("is_recorded")[:1]),
            last_is_broadcast=Subquery(newest.values("is_broadcast")[:1]),
            number_online=Coalesce(
                Subquery(people.values("number"), output_field=IntegerField()), 0
            ),
        )

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list; each of its rows knows its first hosts."""
        changelist: Any = super().get_changelist_instance(request)
        hosts = RoomMember.objects.filter(role=RoomMember.Role.HOST).select_related("user")
        hosts = hosts.order_by("pk")[: HOSTS_SHOWN + 1]
        first = Prefetch("members", hosts.using(database_alias()), to_attr="first_hosts")
        prefetch_related_objects(list(changelist.result_list), first)
        return changelist

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """With what the page and the policy look at again and again. What the page shows once, it reads itself."""
        room = super().get_object(request, *args, **kwargs)
        if room is not None:
            prefetch_related_objects([room], *lookups_of_now())
        return room

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add what went on in the room lately."""
        room = kwargs.get("obj")
        if room is not None and room.pk:
            context["eyeson_tables"] = tables_of(request, room, self.admin_site)
        return super().render_change_form(request, context, *args, **kwargs)

    def view_on_site(self, room: Room) -> str:
        """The room's lobby."""
        return reverse("eyeson:join", args=[room.uuid])

    @admin.display(description=gettext_lazy("state"))
    def state(self, room: Any) -> str:
        """What goes on, from the annotations of the list."""
        if room.last_started_at is None:
            room.latest_meetings = []
            return room_state_badge(state_of(room))
        newest = Meeting(
            started_at=room.last_started_at,
            ready_at=room.last_ready_at,
            ended_at=room.last_ended_at,
            is_recorded=room.last_is_recorded,
            is_broadcast=room.last_is_broadcast,
        )
        room.latest_meetings = [newest]
        return format_html("{} {}", room_state_badge(state_of(room)), shown_activity(newest))

    @admin.display(description=gettext_lazy("people in"))
    def people(self, room: Any) -> int:
        """How many are in."""
        return int(room.number_online)

    @admin.display(description=gettext_lazy("host"))
    def host(self, room: Any) -> str:
        """Who its hosts are; an ellipsis stands for those who have no room."""
        names = [str(member.user) for member in getattr(room, "first_hosts", [])]
        return ", ".join([*names[:HOSTS_SHOWN], *("…" for _more in names[HOSTS_SHOWN:])]) or NOTHING

    @admin.display(description=gettext_lazy("last meeting"), empty_value="-")
    def last_meeting(self, room: Any) -> str:
        """When it began."""
        return shown_time(room.last_started_at)

    @admin.display(description=gettext_lazy("metadata"))
    def metadata_as_text(self, room: Room) -> str:
        """What the site keeps with the room."""
        return shown_json(room.metadata or None)

    def meeting_of(self, row: Room) -> Meeting | None:
        """The newest meeting, until it has ended."""
        meeting = latest_meeting(row)
        return meeting if meeting is not None and meeting.ended_at is None else None

    def room_of(self, row: Room) -> Room:
        """Itself."""
        return row

    def shows_now(self, row: Room) -> bool:
        """Always: also that nothing goes on is worth knowing."""
        return True

    def may_join(self, request: HttpRequest, room: Room) -> bool:
        """The policy lets this user in."""
        return policy().can_join(request.user, room)

    def is_closed(self, request: HttpRequest, room: Room) -> bool:
        """The room takes no joins."""
        return room.closed_at is not None

    def is_not_closed(self, request: HttpRequest, room: Room) -> bool:
        """The room takes joins."""
        return room.closed_at is None

    def has_guest_link(self, request: HttpRequest, room: Room) -> bool:
        """Its guest link for everybody lets guests in."""
        return room.guest_access == Room.GuestAccess.LINK and room.closed_at is None

    def guest_link(self, room: Room) -> str:
        """The link itself."""
        return guests.guest_url(room=room)

    def has_sync_permission(self, request: HttpRequest) -> bool:
        """Return whether this user may change sync runs, and operate by the policy."""
        is_permitted = request.user.has_perm(f"{self.opts.app_label}.change_syncrun")
        return is_permitted and policy().can_operate(request.user)

    def open(self, request: HttpRequest, room: Room) -> HttpResponse:
        """Join as the staff user, starting a meeting if none runs."""
        joined = rooms.join_room(room=room, user=request.user)
        self.log_change(request, room, _("Joined."))
        return MeetingRedirect(joined)

    def renew_guest_link(self, request: HttpRequest, room: Room) -> None:
        """Make the guest link another one."""
        guests.renew_guest_link(room=room)
        self.log_change(request, room, _("Replaced the guest link."))
        messages.success(request, _("The room has a new guest link; the old one opens nothing."))

    def close(self, request: HttpRequest, room: Room) -> None:
        """Refuse joins from now on."""
        rooms.close_room(room=room)
        self.log_change(request, room, _("Closed."))
        messages.success(request, _("The room is closed."))

    def reopen(self, request: HttpRequest, room: Room) -> None:
        """Take joins again."""
        rooms.reopen_room(room=room)
        self.log_change(request, room, _("Reopened."))
        messages.success(request, _("The room is open again."))

    @admin.action(
        description=gettext_lazy("Sync the accounts of selected rooms"), permissions=["sync"]
    )
    def sync_accounts(self, request: HttpRequest, queryset: QuerySet[Room]) -> None:
        """Have eyeson asked about the rooms' accounts, each once."""
        sync_soon(request, queryset.order_by().values_list("account", flat=True).distinct())

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """As Django's; a room with a history is not deleted, and the page says what to do instead."""
        room = self.get_object(request, object_id)
        try:
            may_delete = room is not None and self.has_delete_permission(request, room)
            if not may_delete or not has_history(room):
                return super().delete_view(request, object_id, extra_context)
        except ProtectedError:
            # A meeting began between the question and the answer.
            room = self.get_object(request, object_id)
        messages.error(request, words_of_history(room))
        return HttpResponseRedirect(self._change_url(room))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """As Django's; rooms with a history are named, and their history is not collected row by row."""
        kept = [words_of_history(room) for room in objs if has_history(room)]
        return ([], {}, set(), kept) if kept else super().get_deleted_objects(objs, request)


class RoomAdmin(RoomAdminMixin, DjangoAdmin):
    """Rooms in Django's own admin."""


def has_history(room: Room) -> bool:
    """Whether anything happened in the room that must stay."""
    return room.participants.filter(unconfirmed_since=None).exists() or any(
        getattr(room, name).exists() for name in HISTORY
    )


def words_of_history(room: Room) -> str:
    """Why the room stays, and what to do instead."""
    return _(
        "“%(room)s” has a history and cannot be deleted. Refuse new joins instead: nobody can join then."
    ) % {"room": room}
