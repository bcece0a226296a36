"""Rows that are read where they are written, whatever replica the site's routers read from.

A replica lags behind, and nearly all that the package reads has just been written: somebody presses a button and looks
at the page, a webhook is stored and then mirrored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from django.core.exceptions import ValidationError
from django.db import models, router
from django.db.models.fields.related_descriptors import ForwardManyToOneDescriptor

M = TypeVar("M", bound=models.Model)


class RowQuerySet(models.QuerySet[M]):
    """A queryset that asks the database to which its rows are written, unless `using` names another."""

    @property
    def db(self) -> str:
        """The alias of the database that is asked if the query is run now."""
        # The stubs lack both.
        return self._db or router.db_for_write(self.model, **self._hints)  # type: ignore[attr-defined]


class Row(models.Model):
    """A row of the package. Relations that lead to it and `refresh_from_db` use its manager, too."""

    if not TYPE_CHECKING:
        # The stubs would take it for a manager of this class.
        objects = RowQuerySet.as_manager()

    class Meta:
        abstract = True
        # Models inherit this, though they have a Meta of their own.
        base_manager_name = "objects"


if TYPE_CHECKING:
    RowForeignKey = models.ForeignKey
else:

    class _OtherRow(ForwardManyToOneDescriptor):
        def get_queryset(self, **hints):
            rows = super().get_queryset(**hints)
            return rows.using(router.db_for_write(rows.model, **hints))

    class RowForeignKey(models.ForeignKey):
        """A ForeignKey that looks for the other row, which may be a user, where the site writes it.

        Migrations see a ForeignKey.
        """

        forward_related_accessor_class = _OtherRow

        def validate(self, value, model_instance):
            """Raise ValidationError if there is no such row."""
            # Not ForeignKey's own, which looks where the site's routers read.
            models.Field.validate(self, value, model_instance)
            model, column = self.remote_field.model, self.remote_field.field_name
            rows = model._base_manager.using(router.db_for_write(model, instance=model_instance))
            if value is None or rows.filter(**{column: value}).exists():
                return
            words = {
                "model": model._meta.verbose_name,
                "pk": value,
                "field": column,
                "value": value,
            }
            raise ValidationError(self.error_messages["invalid"], code="invalid", params=words)

        def deconstruct(self):
            """Describe the field to migrations as Django's own."""
            name, _path, args, options = super().deconstruct()
            return name, "django.db.models.ForeignKey", args, options
