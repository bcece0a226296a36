"""Members of rooms: on the room's page, and in a list of their own for rooms with many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth import get_user_model
from django.utils.html import format_html

from eyeson_meetings.models import RoomMember
from eyeson_meetings.services.members import last_host_words, rooms_losing_host

from .parts.base import (
    BoundedInlineMixin,
    DjangoAdmin,
    DjangoInline,
    FirstRowsFormSet,
    InlineBase,
    ListMixin,
)

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


class KnownUser(forms.Widget):
    """The user of a membership that is there already: text, because changing it would make it another."""

    def __init__(self, name: str) -> None:
        """`name` is what is shown."""
        super().__init__()
        self.shown = name

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        """The name, and nothing to send."""
        return format_html('<span class="eyeson-known">{}</span>', self.shown)


class MemberForm(forms.ModelForm):
    """Picks the user of a new member; shows that of a known one without a query."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As any model form."""
        super().__init__(*args, **kwargs)
        if self.instance.pk and "user" in self.fields:
            self.fields["user"].disabled = True
            self.fields["user"].widget = KnownUser(full_name_of(self.instance.user))


def full_name_of(user: Any) -> str:
    """The name under which the user signs in, with the one people know them by."""
    full_name = getattr(user, "get_full_name", lambda: "")()
    return f"{user} ({full_name})" if full_name and full_name != str(user) else str(user)


class SingleMemberForm(MemberForm):
    """Changes the role of one member, on a page of its own."""

    def clean(self) -> dict[str, Any]:
        """Raise ValidationError for the last host, who would become a member among others."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        is_demoted = self.instance.pk and cleaned.get("role") == RoomMember.Role.MEMBER
        if is_demoted and rooms_losing_host(RoomMember.objects.filter(pk=self.instance.pk)):
            raise forms.ValidationError(last_host_words())
        return cleaned


class MembersFormSet(FirstRowsFormSet):
    """Few enough that the form stays under Django's DATA_UPLOAD_MAX_NUMBER_FIELDS."""

    first_rows = 50

    def clean(self) -> None:
        """Raise ValidationError if the room would have several members and no host any more."""
        super().clean()
        before = dict(RoomMember.objects.filter(room_id=self.instance.pk).values_list("pk", "role"))
        after: dict[Any, str] = dict(before)
        for number, form in enumerate(self.forms):
            known = form.instance.pk
            role = form.cleaned_data.get("role") if hasattr(form, "cleaned_data") else None
            if form in self.deleted_forms:
                after.pop(known, None)
            elif role and (known or form.cleaned_data.get("user")):
                after[known or f"new {number}"] = role
        host = RoomMember.Role.HOST
        others = [one for one in after if before.get(one) != host]
        if host in before.values() and host not in after.values() and (others or len(after) > 1):
            raise forms.ValidationError(last_host_words())


class PicksUserMixin(InlineBase):
    """Picks a user by searching where the site's user admin can be searched, else by key."""

    raw_id_fields = ("user",)

    def get_autocomplete_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """The user, if this staff member may search users."""
        users = self.admin_site._registry.get(get_user_model())
        can_search = (
            users is not None
            and users.get_search_fields(request)
            and users.has_view_permission(request)
        )
        return ("user",) if can_search else ()


class RoomMemberInlineMixin(PicksUserMixin, BoundedInlineMixin):
    """The members of a room."""

    model = RoomMember
    form = MemberForm
    formset = MembersFormSet
    fields = ("user", "role")
    classes = ("eyeson-plain",)
    ordering = ("pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With what their names need."""
        return super().get_queryset(request).select_related("user", "room")


class RoomMemberInline(RoomMemberInlineMixin, DjangoInline):
    """The same in Django's own admin."""


class RoomMemberAdminMixin(ListMixin):
    """All members of all rooms."""

    list_display = ("user", "room", "role")
    list_select_related = ("user", "room")
    list_filter = ("role",)
    form = SingleMemberForm
    fields = ("room", "user", "role")
    raw_id_fields = ("room", "user")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With what their names need."""
        return super().get_queryset(request).select_related("user", "room")

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """By the user's name and the room's."""
        return (f"user__{get_user_model().USERNAME_FIELD}", "room__name")

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """As Django's; the last host of others is protected."""
        to_delete, counts, missing, protected = super().get_deleted_objects(objs, request)
        for room in rooms_losing_host(objs):
            protected.append(format_html("{}: {}", room, last_host_words()))
        return to_delete, counts, missing, protected

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Who and where are what a membership is; only the role changes."""
        return ("room", "user") if obj is not None else ()


class RoomMemberAdmin(RoomMemberAdminMixin, DjangoAdmin):
    """Members in Django's own admin."""
