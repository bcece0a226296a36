"""Permalink rooms: the page that makes one, and on a room's page its box and buttons."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eyeson_meetings import conf
from eyeson_meetings.databases import database_alias, in_no_transaction
from eyeson_meetings.exceptions import EyesonMeetingsError, PermalinkEndKeptError
from eyeson_meetings.models import Permalink, PermalinkHost, Room
from eyeson_meetings.policies import policy
from eyeson_meetings.services import permalinks

from .parts.buttons import Button, ButtonsMixin, words_for
from .parts.showing import NOTHING, shown_badge, shown_time

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern

#: How many hosts the page names, newest first.
HOSTS_SHOWN = 50
#: Times beyond it overflow in some time zone or database.
LAST_YEAR = 2998
PERMALINK = gettext_lazy("Permalink")
PERMALINK_FIELDS = ("permalink_state", "permalink_expires_at", "permalink_hosts")

PERMALINK_BUTTONS = (
    Button(
        path="change-permalink",
        label=gettext_lazy("Rename or extend"),
        form="permalink_form",
        run="change_permalink",
        may="may_moderate",
        when="has_working_permalink",
        group=PERMALINK,
    ),
    Button(
        path="refresh-permalink",
        label=gettext_lazy("Ask eyeson about the permalink"),
        run="refresh_permalink",
        may="may_moderate",
        when="has_permalink",
        group=PERMALINK,
    ),
    Button(
        path="add-permalink-host",
        label=gettext_lazy("Add host"),
        form="new_host_form",
        run="add_permalink_host",
        may="may_moderate",
        when="has_working_permalink",
        group=PERMALINK,
    ),
    Button(
        path="remove-permalink-host",
        label=gettext_lazy("Remove host"),
        form="host_form",
        run="remove_permalink_host",
        may="may_moderate",
        when="has_working_permalink",
        group=PERMALINK,
    ),
    Button(
        path="delete-permalink",
        label=gettext_lazy("Delete permalink"),
        run="delete_permalink",
        may="may_moderate",
        when="has_working_permalink",
        question=gettext_lazy(
            "eyeson forgets the permalink, and nobody can enter this room any more. This cannot be undone. "
            "The room, its recordings and its history stay here."
        ),
        dangerous=True,
        group=PERMALINK,
    ),
)
MAKE = Button(
    path="add-permalink", label=gettext_lazy("Make permalink room"), run="", may="may_add_permalink"
)


class PermalinkForm(forms.Form):
    """What a permalink room is called, and until when meetings can start in it."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=255,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )
    expires_at = forms.DateTimeField(
        label=gettext_lazy("Until"),
        required=False,
        # The browser's own picker.
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=gettext_lazy(
            "No meeting can start after it; one in progress goes on. Leave it empty for no end."
        ),
    )

    def clean_expires_at(self) -> datetime | None:
        """Another end, aware; None for the same. Raises ValidationError for one that has come, or is too far."""
        moment: datetime | None = self.cleaned_data["expires_at"]
        if moment is None or "expires_at" not in self.changed_data:
            return None
        if moment.year > LAST_YEAR:
            raise ValidationError(_("This time is too far away."))
        moment = timezone.make_aware(moment) if timezone.is_naive(moment) else moment
        if moment <= timezone.now():
            raise ValidationError(_("This time is over. Choose one that is to come."))
        return moment


class PermalinkChangeForm(PermalinkForm):
    """A new name or end of a permalink room; an end that is cleared is taken away."""

    #: Whether the page showed an end: one that came meanwhile is not cleared by an empty field.
    had_end = forms.CharField(required=False, widget=forms.HiddenInput)

    def carried(self) -> list[Any]:
        """Return the fields that the page sends back unseen."""
        return [self["had_end"]]

    def clean(self) -> dict[str, Any]:
        """Return the values as the service takes them."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        was_shown = cleaned.pop("had_end", "") != "no"
        is_cleared = "expires_at" in self.changed_data and not self.data.get("expires_at")
        return {**cleaned, "without_end": is_cleared and was_shown}


class PermalinkRoomForm(PermalinkForm):
    """What a new one is asked for."""

    guest_access = forms.ChoiceField(
        label=gettext_lazy("Guests"), choices=Room.GuestAccess.choices, required=False
    )
    account = forms.ChoiceField(label=gettext_lazy("Account"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """The account where there are several."""
        super().__init__(*args, **kwargs)
        aliases = list(conf.account_aliases())
        choice: Any = self.fields["account"]
        choice.choices = [(alias, alias) for alias in aliases]
        if len(aliases) == 1:
            del self.fields["account"]

    def notes(self) -> list[str]:
        """What to know before."""
        return [
            _("eyeson makes it at once; a meeting starts when somebody joins."),
            _("People enter by the links of this site, as in every room. Add members afterwards."),
        ]


class NewHostForm(forms.Form):
    """Who is to be a host."""

    user = forms.CharField(
        label=gettext_lazy("User name"),
        max_length=254,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )

    def clean_user(self) -> Any:
        """The user. Raises ValidationError for one that the site does not have."""
        model = get_user_model()
        name = self.cleaned_data["user"]
        user = (
            model._default_manager.using(database_alias())
            .filter(**{model.USERNAME_FIELD: name})
            .first()
        )
        if user is None or not user.is_active:
            raise ValidationError(_("There is no such user."))
        return user

    def notes(self) -> list[str]:
        """What to know before."""
        return [_("Members become hosts by themselves when they join for the first time.")]


class HostForm(forms.Form):
    """Which host."""

    host = forms.ModelChoiceField(
        label=gettext_lazy("Host"), queryset=PermalinkHost.objects.none(), empty_label=None
    )

    def __init__(self, *args: Any, room: Room, **kwargs: Any) -> None:
        """Of that room."""
        super().__init__(*args, **kwargs)
        hosts = PermalinkHost.objects.filter(permalink__room=room)
        choice: Any = self.fields["host"]
        choice.queryset = hosts.select_related("participant__user").order_by("name", "pk")

    def notes(self) -> list[str]:
        """What to know before."""
        return [
            _("Whoever is in a meeting stays in, and who may join becomes a host again by that."),
            _("To keep somebody out, remove the member too."),
        ]


class PermalinkAdminMixin(ButtonsMixin):
    """What the buttons on a room's page do, and the page that makes a permalink room."""

    change_list_template = "admin/eyeson_meetings/room_change_list.html"

    def get_urls(self) -> list[URLPattern]:
        """The others, and that of the page."""
        make = in_no_transaction(self.admin_site.admin_view(self.add_permalink_view))
        return [
            path(f"{MAKE.path}/", make, name=self._url_name(MAKE.path)),
            *super().get_urls(),
        ]

    def add_permalink_view(self, request: HttpRequest) -> HttpResponse:
        """A form; then eyeson is asked, and the room's page shown. What eyeson refuses is said on the form."""
        if not (self.has_add_permission(request) and policy().can_create_room(request.user)):
            raise PermissionDenied
        form = PermalinkRoomForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            given = {name: value for name, value in form.cleaned_data.items() if value}
            try:
                room = permalinks.create_permalink_room(**given)
            except EyesonMeetingsError as error:
                told = words_for(error, user=request.user, account=given.get("account", ""))
                form.add_error(None, told)
            else:
                self.log_addition(request, room, _("Made a permalink room."))
                messages.success(request, _("The room has been made. Add its members below."))
                return HttpResponseRedirect(self._change_url(room))
        return self._make_page(request, form)

    def _make_page(self, request: HttpRequest, form: forms.Form) -> HttpResponse:
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "media": self.media + form.media,
            "opts": self.opts,
            "object": _("A room that eyeson knows between meetings"),
            "title": MAKE.label,
            "button": MAKE,
            "form": form,
            "back_to": self._list_url(),
        }
        return TemplateResponse(request, "admin/eyeson_meetings/add_permalink.html", context)

    def _list_url(self) -> str:
        name = self._url_name("changelist")
        return reverse(f"admin:{name}", current_app=self.admin_site.name)

    def permalink_fieldsets(self, room: Room) -> tuple[Any, ...]:
        """The box, for a room that has a permalink."""
        return ((PERMALINK, {"fields": PERMALINK_FIELDS}),) if hasattr(room, "permalink") else ()

    @admin.display(description=gettext_lazy("state"))
    def permalink_state(self, room: Room) -> str:
        """Whether meetings can start."""
        return shown_badge(room.permalink.state.value, str(room.permalink.state.label))

    @admin.display(description=gettext_lazy("until"))
    def permalink_expires_at(self, room: Room) -> str:
        """The end, if there is one."""
        end = room.permalink.expires_at
        return shown_time(end) if end is not None else _("without an end")

    @admin.display(description=gettext_lazy("hosts"))
    def permalink_hosts(self, room: Room) -> str:
        """Whom the site has made hosts at eyeson, without their tokens."""
        hosts = room.permalink.hosts.order_by("-pk").values_list("name")[: HOSTS_SHOWN + 1]
        shown = format_html_join(", ", "{}", hosts[:HOSTS_SHOWN])
        return f"{shown} …" if len(hosts) > HOSTS_SHOWN else shown or NOTHING

    def has_permalink(self, request: HttpRequest, room: Room) -> bool:
        """The room is a permalink room."""
        return hasattr(room, "permalink")

    def has_working_permalink(self, request: HttpRequest, room: Room) -> bool:
        """The site has not deleted the permalink."""
        return hasattr(room, "permalink") and room.permalink.deleted_at is None

    def permalink_form(self, request: HttpRequest, room: Room, **bound: Any) -> PermalinkChangeForm:
        """With what is known. Raises NoPermalinkError."""
        end = permalinks.permalink_of(room).expires_at
        # The picker knows no seconds: an end that is left as it is must not count as another.
        shown = end and end.replace(second=0, microsecond=0)
        initial = {"name": room.name, "expires_at": shown, "had_end": "yes" if end else "no"}
        return PermalinkChangeForm(initial=initial, **bound)

    def change_permalink(self, request: HttpRequest, room: Room, form: PermalinkChangeForm) -> None:
        """Have eyeson change the permalink, and warn when it keeps an end that was to be taken away."""
        try:
            permalinks.change_permalink(room=room, **form.cleaned_data)
        except PermalinkEndKeptError as error:
            messages.warning(request, str(error))
        else:
            messages.success(request, _("eyeson has been told."))
        self.log_change(request, room, _("Changed the permalink."))

    def refresh_permalink(self, request: HttpRequest, room: Room) -> None:
        """Ask eyeson how the permalink is."""
        permalink = permalinks.refresh_permalink(room=room)
        self.log_change(request, room, _("Asked eyeson about the permalink."))
        if permalink.state in (Permalink.State.MISSING, Permalink.State.DELETED):
            messages.warning(request, _("eyeson does not have this permalink any more."))
        else:
            messages.success(request, _("The permalink is shown as eyeson knows it now."))

    def delete_permalink(self, request: HttpRequest, room: Room) -> None:
        """Have eyeson forget it."""
        permalinks.delete_permalink(room=room)
        self.log_change(request, room, _("Deleted the permalink."))
        messages.success(request, _("The permalink has been deleted. The room's history stays."))

    def new_host_form(self, request: HttpRequest, room: Room, **bound: Any) -> NewHostForm:
        """Whom. Raises NoPermalinkError."""
        permalinks.permalink_of(room)
        return NewHostForm(**bound)

    def add_permalink_host(self, request: HttpRequest, room: Room, form: NewHostForm) -> None:
        """Have eyeson make a user a host."""
        host = permalinks.add_permalink_host(room=room, user=form.cleaned_data["user"])
        self.log_change(request, room, _("Made “%(host)s” a host.") % {"host": host})
        messages.success(request, _("“%(host)s” is a host now.") % {"host": host})

    def host_form(self, request: HttpRequest, room: Room, **bound: Any) -> HostForm:
        """Whom. Raises NoPermalinkError."""
        permalinks.permalink_of(room)
        return HostForm(room=room, **bound)

    def remove_permalink_host(self, request: HttpRequest, room: Room, form: HostForm) -> None:
        """Have eyeson forget a host's token."""
        host: PermalinkHost = form.cleaned_data["host"]
        permalinks.remove_permalink_host(room=room, user=host.user)
        self.log_change(request, room, _("“%(host)s” is no host any more.") % {"host": host})
        messages.success(request, _("“%(host)s” is no host any more.") % {"host": host})
