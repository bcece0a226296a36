"""What the forms on pages share; those of the admin are Django's."""

from __future__ import annotations

from django import forms


class FocusOnErrorMixin(forms.BaseForm):
    """A form that, once refused, puts the focus on its first wrong field.

    Screen readers then read the error once, as the description of the field: an alert would repeat it.
    """

    def full_clean(self) -> None:
        """Clean as usual, then move `autofocus` to the first field with an error."""
        super().full_clean()
        wrong = next((name for name in self.fields if name in self.errors), None)
        if wrong is None:
            return
        for field in self.fields.values():
            field.widget.attrs.pop("autofocus", None)
        self.fields[wrong].widget.attrs["autofocus"] = True
