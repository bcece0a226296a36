"""Broadcasts: the targets that staff saves, and what was broadcast, when and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.debug import sensitive_variables

from eyeson_meetings import conf
from eyeson_meetings.models import Broadcast
from eyeson_meetings.models.broadcasts import MAX_STREAM_URL_LENGTH, validate_stream_key

from .acting.broadcast_forms import SecretInput
from .parts.base import DjangoAdmin, DjangoInline, FactsInlineMixin, FactsMixin, ListMixin
from .parts.broadcast_words import broadcast_badge, place_of
from .parts.filters import AccountFilter, DateFilter
from .parts.showing import shown_link, shown_time, shown_web_link, with_moments

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


class BroadcastTargetForm(forms.ModelForm):
    """A target; its stream key goes in and never comes out."""

    new_stream_key = forms.CharField(
        label=gettext_lazy("Stream key"),
        required=False,
        max_length=MAX_STREAM_URL_LENGTH,
        validators=[validate_stream_key],
        widget=SecretInput(),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As any model form."""
        super().__init__(*args, **kwargs)
        if "account" in self.fields:
            known = dict.fromkeys([*conf.account_aliases(), self.instance.account])
            self.fields["account"] = forms.ChoiceField(
                label=self.fields["account"].label,
                choices=[(alias, alias) for alias in known],
                # A target stays in its account.
                disabled=self.instance.pk is not None,
            )
        if "new_stream_key" in self.fields:
            self.fields["new_stream_key"].help_text = (
                _("A key is kept, encrypted, and never shown. Leave this empty to keep it.")
                if self.instance.stream_key_encrypted
                else _("It is kept encrypted and never shown again.")
            )

    @sensitive_variables()
    def save(self, commit: bool = True) -> Any:
        """With the new stream key, if one was typed in."""
        key = self.cleaned_data.get("new_stream_key")
        if key:
            self.instance.stream_key = key
        return super().save(commit)


class BroadcastTargetAdminMixin(ListMixin):
    """Places to broadcast to."""

    form = BroadcastTargetForm
    list_display = ("name", "enabled", "address", "account")
    list_filter = ("enabled", AccountFilter)
    search_fields = ("name", "address")
    fields = ("name", "account", "address", "new_stream_key", "player_url", "enabled")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """As Django's, with addresses on one line."""
        if db_field.name in ("address", "player_url"):
            kwargs["widget"] = forms.TextInput(attrs={"class": "vURLField"})
            return db_field.formfield(**kwargs)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may only look sees no field for the key."""
        may_write = obj is None or self.has_change_permission(request, obj)
        return self.fields if may_write else [n for n in self.fields if n != "new_stream_key"]

    def get_list_display(self, request: HttpRequest) -> Any:
        """The account where there are several."""
        return self.list_display if len(conf.account_aliases()) > 1 else self.list_display[:-1]


class BroadcastTargetAdmin(BroadcastTargetAdminMixin, DjangoAdmin):
    """Targets in Django's own admin."""


class ShowsBroadcastMixin:
    """Columns of broadcasts, in their list and on the page of their meeting."""

    @admin.display(description=gettext_lazy("started"), ordering="started_at")
    def started(self, row: Broadcast) -> str:
        """When it began."""
        return shown_time(row.started_at)

    @admin.display(description=gettext_lazy("stopped"), ordering="stopped_at")
    def stopped(self, row: Broadcast) -> str:
        """When it was over."""
        return shown_time(row.stopped_at)

    @admin.display(description=pgettext_lazy("broadcast", "to"))
    def place(self, row: Broadcast) -> str:
        """Where it went, by the name of the target."""
        return place_of(row)

    @admin.display(description=gettext_lazy("public page"))
    def player_page(self, row: Broadcast) -> str:
        """Where it can be watched."""
        return shown_web_link(row.player_url)

    @admin.display(description=gettext_lazy("state"))
    def badge(self, row: Broadcast) -> str:
        """Whether it goes on."""
        return broadcast_badge(row)


class BroadcastAdminMixin(ShowsBroadcastMixin, FactsMixin):
    """What was broadcast."""

    list_display = ("room", "started", "stopped", "place", "requested_by", "badge")
    list_display_links = ("room", "started")
    list_filter = (("started_at", DateFilter),)
    search_fields = ("meeting__room__name", "meeting__room__eyeson_id", "=eyeson_id")
    fields: ClassVar[tuple[Any, ...]] = with_moments(
        Broadcast,
        "meeting",
        "badge",
        "place",
        "player_page",
        "started_at",
        "stopped_at",
        "requested_by",
        "platform",
        "eyeson_id",
    )
    readonly_fields = fields

    @admin.display(description=gettext_lazy("room"))
    def room(self, row: Broadcast) -> str:
        """Where it was."""
        return str(row.meeting.room)

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        """The page of a room leads to its broadcasts."""
        return lookup == "meeting__room__id__exact" or super().lookup_allowed(
            lookup, value, request
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without those of void meetings, and with what names need."""
        rows = super().get_queryset(request).filter(meeting__is_void=False)
        return rows.select_related("meeting__room", "target", "requested_by")


class BroadcastAdmin(BroadcastAdminMixin, DjangoAdmin):
    """Broadcasts in Django's own admin."""


class BroadcastInlineMixin(ShowsBroadcastMixin, FactsInlineMixin):
    """The broadcasts of a meeting."""

    model = Broadcast
    fields = ("begun", "stopped", "place", "requested_by", "badge")
    readonly_fields = fields
    ordering = ("started_at", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With what their names need."""
        rows = super().get_queryset(request)
        return rows.select_related("meeting__room", "target", "requested_by")

    @admin.display(description=gettext_lazy("started"))
    def begun(self, row: Broadcast) -> str:
        """When it began, and the way to its page."""
        return shown_link(row, shown_time(row.started_at), self.admin_site.name)


class BroadcastInline(BroadcastInlineMixin, DjangoInline):
    """The same in Django's own admin."""
