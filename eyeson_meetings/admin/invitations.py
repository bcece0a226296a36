"""Invitations: personal guest links, on the room's page and in a list of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eyeson_meetings.models import Invitation, Room
from eyeson_meetings.policies import policy
from eyeson_meetings.services.guests import guest_url, renew_invitation, revoke_invitation

from .parts.base import (
    AdminBase,
    BoundedInlineMixin,
    DjangoAdmin,
    DjangoInline,
    FirstRowsFormSet,
    ListMixin,
)
from .parts.buttons import Button, ButtonsMixin
from .parts.filters import DateFilter
from .parts.guest_links import GuestLinkMixin
from .parts.showing import NOTHING, shown_badge, shown_link_to_copy, with_moments

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


class ExpiryWidget(forms.DateTimeInput):
    """The browser's own field for a date and time, on one line."""

    def __init__(self) -> None:
        """To the second: what the row holds comes back as it was."""
        super().__init__(attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S")


class ExpiresMixin(AdminBase):
    """Asks for the expiry in one field."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """As Django's, without its two fields for one moment."""
        if db_field.name == "expires_at":
            return db_field.formfield(form_class=forms.DateTimeField, widget=ExpiryWidget())
        return super().formfield_for_dbfield(db_field, request, **kwargs)


class InvitationsFormSet(FirstRowsFormSet):
    """Few enough that the form stays under Django's DATA_UPLOAD_MAX_NUMBER_FIELDS."""

    first_rows = 50
    #: Who makes the new ones.
    invited_by: Any = None

    def save_new(self, form: Any, commit: bool = True) -> Any:
        """As Django's, by whoever invites."""
        form.instance.invited_by = self.invited_by
        return super().save_new(form, commit)


class InvitationInlineMixin(ExpiresMixin, BoundedInlineMixin):
    """The invitations of a room, the newest first, with their links for those who may invite."""

    model = Invitation
    formset = InvitationsFormSet
    fields = ("name", "expires_at", "entries", "badge", "link")
    readonly_fields = ("entries", "badge", "link")
    classes = ("eyeson-invitations",)
    ordering = ("-pk",)
    can_delete = False
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With what their links need."""
        return super().get_queryset(request).select_related("room")

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """The form set, which Django makes for this page alone."""
        formset = super().get_formset(request, obj, **kwargs)
        formset.invited_by = request.user
        return formset

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Links are as good as an invitation: only who may invite sees them."""
        may_invite = obj is not None and policy().can_moderate(request.user, obj)
        return self.fields if may_invite else self.fields[:-1]

    @admin.display(description=gettext_lazy("state"))
    def badge(self, invitation: Invitation) -> str:
        """Whether the link opens the room."""
        return invitation_badge(invitation)

    @admin.display(description=gettext_lazy("guest link"))
    def link(self, invitation: Invitation) -> str:
        """The link, while it opens the room."""
        if not invitation.pk or not opens_room(invitation):
            return NOTHING
        return shown_link_to_copy(guest_url(invitation=invitation))


class InvitationInline(InvitationInlineMixin, DjangoInline):
    """The same in Django's own admin."""


class InvitationAdminMixin(ExpiresMixin, GuestLinkMixin, ButtonsMixin, ListMixin):
    """The page of one invitation."""

    buttons = (
        Button(
            path="guest-link",
            label=gettext_lazy("Copy guest link"),
            run="show_guest_link",
            may="may_invite",
            when="has_guest_link",
            copies="guest_link",
        ),
        Button(
            path="renew",
            label=gettext_lazy("Renew"),
            run="renew",
            may="may_invite",
            when="is_valid",
            question=gettext_lazy(
                "The link is replaced: the old one opens nothing any more, and the new one counts as never used."
            ),
        ),
        Button(
            path="revoke",
            label=gettext_lazy("Revoke"),
            run="revoke",
            may="may_invite",
            when="is_valid",
            question=gettext_lazy(
                "The link opens nothing any more, for good. Whoever is in the meeting stays in."
            ),
            dangerous=True,
        ),
    )
    list_display = with_moments(Invitation, "__str__", "room", "badge", "created_at", "expires_at")
    list_select_related = ("room",)
    list_filter = (("created_at", DateFilter), "expires_at")
    search_fields = ("name", "room__name", "=uuid")
    #: What nobody types in.
    facts: ClassVar[tuple[Any, ...]] = with_moments(
        Invitation, "entries", "badge", "invited_by", "revoked_at", "created_at", "uuid"
    )
    #: What people say of it.
    said = ("room", "name", "name_is_fixed", "expires_at", "max_entries")
    fields: ClassVar[tuple[Any, ...]] = (*said, *facts)
    raw_id_fields = ("room",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With what names and links need."""
        return super().get_queryset(request).select_related("room")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[Any, ...]:
        """All but name and expiry; a new one needs its room."""
        return ("room", *self.facts) if obj is not None else self.facts

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What a new invitation does not have yet is left out."""
        return self.fields if obj is not None else self.said

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A new one is by whoever makes it."""
        if not change:
            obj.invited_by = request.user
        super().save_model(request, obj, form, change)

    @admin.display(description=gettext_lazy("state"))
    def badge(self, invitation: Invitation) -> str:
        """Whether the link opens the room."""
        return invitation_badge(invitation)

    def may_invite(self, request: HttpRequest, invitation: Invitation) -> bool:
        """The policy lets this user invite guests."""
        return policy().can_moderate(request.user, invitation.room)

    def has_guest_link(self, request: HttpRequest, invitation: Invitation) -> bool:
        """The link opens the room."""
        return opens_room(invitation)

    def is_valid(self, request: HttpRequest, invitation: Invitation) -> bool:
        """There is something to revoke."""
        return invitation.is_valid

    def guest_link(self, invitation: Invitation) -> str:
        """The link itself."""
        return guest_url(invitation=invitation)

    def renew(self, request: HttpRequest, invitation: Invitation) -> None:
        """Give it another link."""
        renew_invitation(invitation=invitation)
        self.log_change(request, invitation, _("Renewed."))
        messages.success(request, _("The invitation has a new link. Copy it and send it again."))

    def revoke(self, request: HttpRequest, invitation: Invitation) -> None:
        """Let the link open nothing any more."""
        revoke_invitation(invitation=invitation)
        self.log_change(request, invitation, _("Revoked."))
        messages.success(request, _("The invitation has been revoked."))


class InvitationAdmin(InvitationAdminMixin, DjangoAdmin):
    """Invitations in Django's own admin."""


def opens_room(invitation: Invitation) -> bool:
    """Whether the link lets anybody in, should a meeting run."""
    room = invitation.room
    return (
        invitation.is_valid
        and room.guest_access != Room.GuestAccess.NONE
        and room.closed_at is None
    )


def invitation_badge(invitation: Invitation) -> str:
    """Why the link opens the room, or why not."""
    if not invitation.pk:
        return NOTHING
    if invitation.revoked_at is not None:
        return shown_badge("dead", _("revoked"))
    if not invitation.is_valid:
        return shown_badge("dead", _("expired"))
    if invitation.is_used_up:
        return shown_badge("dead", _("used up"))
    if not opens_room(invitation):
        return shown_badge("idle", _("room lets no guests in"))
    return shown_badge("stored", _("valid"))
