"""Buttons on change pages, each with a URL of its own.

Not in `response_change`: Django's change view is one transaction, and no network call belongs in one.
A button acts on POST only, asks for permission, says what came of it in a message and in the history.
One that needs to know more, or can hurt, leads to a page with a form or a question first.
Whether it is drawn is one question, whether it may be pressed another: a page may be older than the press.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from eyeson_meetings import exceptions
from eyeson_meetings.databases import in_no_transaction
from eyeson_meetings.services.capacity import why_no_new_meeting

from .base import AdminBase, ListMixin

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.urls import URLPattern
    from django.utils.functional import _StrPromise

    from eyeson_meetings.policies import User

#: Error → what staff reads. Looked up along the class tree; anything else shows its own words.
WORDS: dict[type[Exception], Callable[[], str]] = {
    exceptions.LockRefusedError: lambda: _(
        "This site is busy with this room. What you asked for may have been done. Please check in a minute "
        "before you try again."
    ),
    exceptions.NetworkError: lambda: _(
        "eyeson did not answer. Nothing was done. Please try again in a minute."
    ),
    exceptions.TooSlowError: lambda: _(
        "eyeson is slow right now. Nothing was done. Please try again in a minute."
    ),
    exceptions.UnavailableError: lambda: _(
        "eyeson is busy right now. Nothing was done. Please try again in a minute."
    ),
    exceptions.KeyRefusedError: lambda: _("eyeson refuses the API key of this account."),
    exceptions.FeatureDisabledError: lambda: _("The options of this room switch that off."),
    exceptions.MeetingEndedError: lambda: _("This meeting has ended."),
    exceptions.MeetingLockedError: lambda: _("This meeting is locked and lets nobody else in."),
    exceptions.MeetingNotRunningError: lambda: _("No meeting is running in this room."),
    exceptions.RoomClosedError: lambda: _("This room is closed."),
    exceptions.ForbiddenError: lambda: _("eyeson does not allow that in this meeting."),
    exceptions.NotPossibleNowError: lambda: _(
        "That is not possible at this moment of the meeting."
    ),
    exceptions.NotUndoneError: lambda: _(
        "eyeson answered that there was nothing to stop or delete, but it still shows it. "
        "Nothing was done. Please try again in a minute."
    ),
    exceptions.UnusableIdError: lambda: _(
        "eyeson uses an id here that no request can name, such as “.” or “..”. Nothing was done."
    ),
    exceptions.NotFoundError: lambda: _("eyeson does not know it any more."),
    exceptions.ConflictError: lambda: _("Something else that is running is in the way."),
}


def words_for(
    error: exceptions.EyesonMeetingsError, *, user: User | None = None, account: str = ""
) -> str:
    """What to tell staff about `error`, with eyeson's own words when it said any.

    `user` reads it, and `account` is the alias of the account that was asked, "" when it is not known.
    """
    if isinstance(error, exceptions.KeyLockedError):
        return why_no_new_meeting(error, account=account, user=user)
    if getattr(error, "may_be_done", False):
        return _(
            "eyeson did not confirm this. It may have been done. Please check before you try again."
        )
    known = next((WORDS[kind] for kind in type(error).__mro__ if kind in WORDS), None)
    if known is None:
        return str(error)
    said = getattr(error, "message", "")
    if not said or isinstance(error, exceptions.TooSlowError | exceptions.UnusableIdError):
        return known()
    return _("%(explanation)s (eyeson: %(said)s)") % {"explanation": known(), "said": said}


@dataclass(frozen=True, kw_only=True)
class Button:
    """One button: where it is, what it runs and who may press it."""

    #: Last part of its address, "start-recording".
    path: str
    label: _StrPromise
    #: Names of methods of the admin class, called with request and row. `run` acts and answers a response
    #: or None; `may` says whether this user is allowed to; `when` whether it makes sense now, "" for always.
    run: str
    may: str
    when: str = ""
    #: A question that is asked first; None where a press can do no harm.
    question: _StrPromise | None = None
    #: Name of a method `(row) -> question`, in its place where it depends on the row.
    asks: str = ""
    #: Name of a method `(request, row, **bound) -> Form`. A page with that form comes first, and `run` is
    #: called with the filled-in form as well; what it raises is said on that page.
    form: str = ""
    dangerous: bool = False
    new_tab: bool = False
    #: Heading under which the page draws it, with others of the same; "" for none.
    group: _StrPromise | str = ""
    #: False for one that only another page leads to, with what that page knows.
    drawn: bool = True
    #: Name of a method `(row) -> text` for the clipboard; without a clipboard the button is a button.
    copies: str = ""

    @property
    def has_page(self) -> bool:
        """Whether a page comes first, so that the button is a link."""
        return self.question is not None or bool(self.asks or self.form)


@dataclass(frozen=True, kw_only=True)
class ShownButton:
    """A button as the page draws it."""

    button: Button
    url: str
    #: Where to go afterwards.
    back_to: str
    #: What to put into the clipboard.
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class ShownGroup:
    """Buttons that belong together."""

    #: The same whether the group is the only one or not.
    key: str
    #: "" where one group is all there is.
    title: str
    buttons: list[ShownButton]


class ButtonsMixin(AdminBase):
    """Gives a ModelAdmin its buttons: `buttons` says which, `get_shown_buttons` when they show."""

    change_form_template = "admin/eyeson_meetings/change_form.html"
    buttons: tuple[Button, ...] = ()

    Media = ListMixin.Media

    def get_shown_buttons(self, request: HttpRequest, row: Any) -> list[ShownButton]:
        """The buttons that `request.user` may press on the page of `row`, as it is now."""
        return [
            ShownButton(
                button=button,
                url=self._reverse(button.path, row),
                back_to=self._change_url(row),
                text=getattr(self, button.copies)(row) if button.copies else "",
            )
            for button in self.buttons
            if button.drawn
            and (not button.when or getattr(self, button.when)(request, row))
            and getattr(self, button.may)(request, row)
        ]

    def get_shown_groups(self, request: HttpRequest, row: Any) -> list[ShownGroup]:
        """The same by their headings, in the order in which these come first in `buttons`."""
        groups: dict[str, list[ShownButton]] = {
            str(button.group): [] for button in self.buttons if button.drawn
        }
        for shown in self.get_shown_buttons(request, row):
            groups[str(shown.button.group)].append(shown)
        filled = {title: buttons for title, buttons in groups.items() if buttons}
        return [
            ShownGroup(key=title, title=title if len(filled) > 1 else "", buttons=buttons)
            for title, buttons in filled.items()
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add the buttons to the page of an existing row."""
        # Django hands it over by name; others by place, after `add`, `change` and `form_url`.
        row = kwargs.get("obj") or (args[3] if len(args) > 3 else None)
        if row is not None and row.pk:
            context["eyeson_button_groups"] = self.get_shown_groups(request, row)
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        """Django's own, and one a button."""
        return [
            *(
                path(
                    f"<path:object_id>/{button.path}/",
                    self._view_of(button),
                    name=self._url_name(button.path),
                )
                for button in self.buttons
            ),
            *super().get_urls(),
        ]

    def _view_of(self, button: Button) -> Callable[..., HttpResponse]:
        # What is typed may be a secret, such as a stream key: no error report shows it.
        @sensitive_post_parameters()
        def press(request: HttpRequest, object_id: str) -> HttpResponse:
            return self._press(request, unquote(object_id), button)

        # Outermost, where the request handler looks for it.
        return in_no_transaction(self.admin_site.admin_view(press))

    def _press(self, request: HttpRequest, object_id: str, button: Button) -> HttpResponse:
        # Without all that the change page shows: a press needs the row alone.
        row = super().get_object(request, object_id)
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row) or not getattr(self, button.may)(
            request, row
        ):
            raise PermissionDenied
        methods = ["GET", "POST"] if button.has_page else ["POST"]
        if request.method not in methods:
            return HttpResponseNotAllowed(methods)
        try:
            response = self._answer(request, row, button)
        except exceptions.EyesonMeetingsError as error:
            messages.error(
                request, words_for(error, user=request.user, account=getattr(row, "account", ""))
            )
            response = None
        return response or HttpResponseRedirect(self._back_to(request, row))

    def _answer(self, request: HttpRequest, row: Any, button: Button) -> HttpResponse | None:
        if button.form:
            return self._fill_in(request, row, button)
        if request.method == "GET":
            question = getattr(self, button.asks)(row) if button.asks else button.question
            return self.show_page(
                request, row, "confirm", button=button, title=button.label, question=question
            )
        acted: HttpResponse | None = getattr(self, button.run)(request, row)
        return acted

    @sensitive_variables()
    def _fill_in(self, request: HttpRequest, row: Any, button: Button) -> HttpResponse | None:
        bound = {"data": request.POST, "files": request.FILES} if request.method == "POST" else {}
        form = getattr(self, button.form)(request, row, **bound)
        if form.is_bound and form.is_valid():
            try:
                acted: HttpResponse | None = getattr(self, button.run)(request, row, form)
            except exceptions.EyesonMeetingsError as error:
                field = getattr(error, "field", "")
                told = words_for(error, user=request.user, account=getattr(row, "account", ""))
                form.add_error(field if field in form.fields else None, told)
            else:
                return acted
        return self.show_page(
            request,
            row,
            "form",
            button=button,
            title=button.label,
            form=form,
            media=self.media + form.media,
        )

    def show_page(self, request: HttpRequest, row: Any, name: str, **context: Any) -> HttpResponse:
        """One of the pages that a button leads to, about `row`; `name` is that of its template."""
        request.current_app = self.admin_site.name
        everything = {
            **self.admin_site.each_context(request),
            "media": self.media,
            "opts": self.opts,
            "object": row,
            "back_to": self._back_to(request, row),
            **context,
        }
        return TemplateResponse(request, f"admin/eyeson_meetings/{name}.html", everything)

    def _back_to(self, request: HttpRequest, row: Any) -> str:
        target = request.POST.get("next") or request.GET.get("next") or ""
        safe = url_has_allowed_host_and_scheme(
            target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )
        return target if safe else self._change_url(row)

    def _change_url(self, row: Any) -> str:
        return self._reverse("change", row)

    def _reverse(self, name: str, row: Any) -> str:
        return reverse(
            f"admin:{self._url_name(name)}", args=[row.pk], current_app=self.admin_site.name
        )

    def _url_name(self, name: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{name.replace('-', '_')}"
