"""What all pages of this app share: pages for everybody, cheap lists, bounded inlines, rows that are read only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import PAGE_VAR
from django.core.exceptions import ValidationError
from django.db import DataError
from django.forms.models import BaseInlineFormSet
from django.http import HttpResponseRedirect
from django.utils.translation import gettext as _

from .paginating import BoundedPaginator

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    AdminBase = admin.ModelAdmin[Any]
    InlineBase = admin.TabularInline[Any, Any]
    DjangoAdmin = admin.ModelAdmin[Any]
    DjangoInline = admin.TabularInline[Any, Any]
    FormSetBase = BaseInlineFormSet[Any, Any, Any]
else:
    # Mixins have no base at run time, so that Unfold and others bring their own ModelAdmin.
    AdminBase = InlineBase = object
    DjangoAdmin = admin.ModelAdmin
    DjangoInline = admin.TabularInline
    FormSetBase = BaseInlineFormSet


def name_widget(widget: forms.Widget, name: str) -> None:
    """Give a widget that has no label its name, for those who do not see what is beside it.

    Each half of a date and time says which half it is.
    """
    if isinstance(widget, forms.SplitDateTimeWidget):
        # In Django's own words, which stand before the two and are in all of its languages.
        for half, part in zip(widget.widgets, (_("Date:"), _("Time:")), strict=True):
            half.attrs.setdefault("aria-label", f"{name}, {part}")
    else:
        widget.attrs.setdefault("aria-label", name)


class AccessibleAdminMixin(AdminBase):
    """Mends what pages of Django's admin leave open: fields without a label, links by their colour alone."""

    class Media:
        css = {"all": ["eyeson_meetings/admin.css"]}

    object_history_template = "admin/eyeson_meetings/object_history.html"

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """As Django's, both halves of a date and time with their names: the label is that of neither."""
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, forms.SplitDateTimeWidget):
            name_widget(field.widget, str(field.label))
        return field


class ListMixin(AccessibleAdminMixin):
    """A list that runs the same few queries at ten rows and at a million, whatever its address says."""

    class Media(AccessibleAdminMixin.Media):
        js = ["eyeson_meetings/pending.js", "eyeson_meetings/admin.js"]

    paginator = BoundedPaginator
    show_full_result_count = False
    # They count the whole table once a choice.
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 0
    # By key, which every table has an index for; newest first.
    ordering: ClassVar[tuple[Any, ...]] = ("-pk",)

    def get_paginator(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        per_page: int,
        *args: Any,
        **kwargs: Any,
    ) -> BoundedPaginator:
        """A paginator that knows which page is asked for."""
        page = request.GET.get(PAGE_VAR, "1")
        number = int(page) if page.isdecimal() and len(page) < 10 else 1
        return BoundedPaginator(queryset, per_page, *args, page_number=number, **kwargs)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list; the whole of it, with a message, for an address that no database can look up."""
        if not any("\x00" in text for pair in request.GET.items() for text in pair):
            try:
                return super().changelist_view(request, extra_context)
            except (DataError, OverflowError):
                if not request.GET:
                    raise
        messages.error(request, _("That cannot be searched for."))
        return HttpResponseRedirect(request.path)

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **kwargs: Any
    ) -> HttpResponse | None:
        """As Django's; a selection that names no keys is answered with a message."""
        try:
            for key in request.POST.getlist(ACTION_CHECKBOX_NAME):
                self.opts.pk.clean(key, None)
        except ValidationError:
            messages.error(
                request, _("This selection cannot be read. Please select the rows again.")
            )
            return HttpResponseRedirect(request.get_full_path())
        return super().response_action(request, queryset, *args, **kwargs)


class FactsMixin(ListMixin):
    """Rows that only eyeson's word changes: shown, never edited, added or deleted by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody: the mirror makes these rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: the mirror writes these rows."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: retention deletes these rows."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Those who may view or change the model, as everywhere in admin."""
        name = f"{self.opts.app_label}.%s_{self.opts.model_name}"
        return request.user.has_perm(name % "view") or request.user.has_perm(name % "change")

    def may_change(self, request: HttpRequest, row: Any = None) -> bool:
        """Whether Django's change permission for the model was given: it opens the buttons."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")


class FirstRowsFormSet(FormSetBase):
    """The first rows alone, so that a page stays a page whatever it is about."""

    first_rows = 200

    def get_queryset(self) -> QuerySet[Any]:
        """At most `first_rows` of them, in the inline's order."""
        if not hasattr(self, "_first_rows"):
            self._first_rows = super().get_queryset()[: self.first_rows]
        return self._first_rows

    def add_fields(self, form: Any, index: int | None) -> None:
        """As Django's, each with its name: in a table there is no label beside it."""
        super().add_fields(form, index)
        for name, field in form.fields.items():
            name_widget(field.widget, str(field.label or name))


class BoundedInlineMixin(InlineBase):
    """An inline that shows the first rows, and says so when there are more."""

    formset = FirstRowsFormSet
    extra = 0

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """The form set; the heading then says how many of the rows are shown."""
        formset: Any = super().get_formset(request, obj, **kwargs)
        if obj is not None:
            rows = self.get_queryset(request).filter(**{formset.fk.name: obj})
            if rows.order_by()[: formset.first_rows + 1].count() > formset.first_rows:
                self.verbose_name_plural = _("%(name)s (the first %(number)d)") % {
                    "name": self.opts.verbose_name_plural,
                    "number": formset.first_rows,
                }
        return formset


class FactsInlineMixin(BoundedInlineMixin):
    """Rows of the mirror on the page of another row: shown, never edited.

    The first field links to the row's own page where there is one; Django's heading above each row is hidden.
    """

    can_delete = False
    classes = ("eyeson-plain",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: the mirror makes these rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: the mirror writes these rows."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: retention deletes these rows."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Those who may view or change the rows' own model."""
        name = f"{self.opts.app_label}.%s_{self.opts.model_name}"
        return request.user.has_perm(name % "view") or request.user.has_perm(name % "change")
