"""What is asked before a meeting is shown to the public: where to, and the page on which it can be watched."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables

from eyeson_meetings import crypto
from eyeson_meetings.exceptions import SecretUnreadableError
from eyeson_meetings.models import BroadcastTarget
from eyeson_meetings.models.broadcasts import (
    MAX_STREAM_URL_LENGTH,
    stream_url_problem,
    validate_stream_key,
)

if TYPE_CHECKING:
    from eyeson_meetings.models import Room

#: For how long an address that was typed in waits for "stop that and start this".
KEPT_FOR = timedelta(hours=1)


class SecretInput(forms.PasswordInput):
    """A field for a secret: what is typed is not shown, and never sent back to the browser."""

    def __init__(self) -> None:
        """Without help from the browser's memory, which would offer the login password."""
        super().__init__(attrs={"autocomplete": "new-password", "class": "vTextField"})


class BroadcastForm(forms.Form):
    """A saved target of the room's account, or an address with its stream key.

    A second start while one runs comes back with `replaces`, the key of the broadcast that may be stopped
    for it, and with `kept`, an encrypted form of an address typed in.
    """

    target = forms.ModelChoiceField(
        label=gettext_lazy("Saved target"),
        queryset=BroadcastTarget.objects.none(),
        required=False,
        empty_label=gettext_lazy("another address, typed in below"),
    )
    address = forms.CharField(
        label=gettext_lazy("Server"),
        required=False,
        max_length=MAX_STREAM_URL_LENGTH,
        widget=forms.TextInput(
            attrs={"class": "vTextField", "placeholder": "rtmp://live.example.org/app"}
        ),
        help_text=gettext_lazy("As the streaming service names it, with rtmp:// or rtmps://."),
    )
    stream_key = forms.CharField(
        label=gettext_lazy("Stream key"),
        required=False,
        max_length=MAX_STREAM_URL_LENGTH,
        validators=[validate_stream_key],
        widget=SecretInput(),
        help_text=gettext_lazy("It is used once and not kept. Save a target to use it again."),
    )
    player_url = forms.URLField(
        label=gettext_lazy("Public page"),
        required=False,
        max_length=2000,
        assume_scheme="https",
        widget=forms.URLInput(
            attrs={"class": "vURLField", "placeholder": "https://example.org/watch"}
        ),
        help_text=gettext_lazy(
            "Where people watch the broadcast. Empty: that of the saved target, if it has one."
        ),
    )
    kept = forms.CharField(required=False, max_length=16_000, widget=forms.HiddenInput)
    replaces = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, room: Room, user: Any, **kwargs: Any) -> None:
        """For a meeting of `room`, to be broadcast by `user`."""
        super().__init__(*args, **kwargs)
        self.room, self.user = room, user
        targets = BroadcastTarget.objects.filter(account=room.account, enabled=True)
        choice: Any = self.fields["target"]
        choice.queryset = targets.order_by("name", "pk")

    def clean(self) -> dict[str, Any]:
        """One place to broadcast to, and only one."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        ways = [name for name in ("target", "address", "kept") if cleaned.get(name)]
        if len(ways) > 1:
            raise ValidationError(_("Choose a saved target or type in an address, not both."))
        if not ways:
            raise ValidationError(_("Choose a saved target, or type in an address."))
        if cleaned.get("stream_key") and not cleaned.get("address"):
            raise ValidationError(_("A saved target brings its own stream key: leave it empty."))
        if cleaned.get("address"):
            cleaned["stream_url"] = self._stream_url(cleaned["address"], cleaned["stream_key"])
        if cleaned.get("kept"):
            cleaned["stream_url"] = self._opened(cleaned["kept"])
        return cleaned

    @sensitive_variables()
    def _stream_url(self, address: str, stream_key: str) -> str:
        typed = BroadcastTarget(address=address)
        typed.stream_key = stream_key
        stream_url = typed.stream_url()
        problem = stream_url_problem(stream_url)
        if problem is not None:
            raise ValidationError({"address": problem})
        return stream_url

    def kept_address(self) -> str:
        """An address that was typed in, so that only this site can read it; "" for a saved target."""
        stream_url = self.cleaned_data.get("stream_url")
        if not stream_url:
            return ""
        kept = {
            "room": self.room.pk,
            "user": str(self.user.pk),
            "until": (timezone.now() + KEPT_FOR).timestamp(),
            "stream_url": stream_url,
        }
        return crypto.encrypt(json.dumps(kept))

    @sensitive_variables()
    def _opened(self, token: str) -> str:
        gone = ValidationError(_("This page is too old. Please start the broadcast again."))
        try:
            kept = json.loads(crypto.decrypt(token))
        except (SecretUnreadableError, ValueError):
            raise gone from None
        if not isinstance(kept, dict):
            raise gone
        mine = (kept.get("room"), kept.get("user")) == (self.room.pk, str(self.user.pk))
        if not mine or kept["until"] < timezone.now().timestamp():
            raise gone
        return str(kept["stream_url"])


class PlayerPageForm(forms.Form):
    """The page on which the running broadcast can be watched."""

    player_url = forms.URLField(
        label=gettext_lazy("Public page"),
        max_length=2000,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"class": "vURLField"}),
        help_text=gettext_lazy(
            "Where people watch the broadcast. Everybody in the meeting sees it."
        ),
    )
