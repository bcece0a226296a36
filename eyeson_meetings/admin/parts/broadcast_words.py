"""What is known of a meeting's broadcasts, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from .showing import shown_badge

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

    from eyeson_meetings.models import Broadcast


def place_of(broadcast: Broadcast) -> str:
    """Where a broadcast goes, as the site calls it: eyeson never tells the address."""
    if broadcast.target is not None:
        return _("“%(name)s”") % {"name": broadcast.target}
    return _("an address that is not saved here")


def broadcast_badge(broadcast: Broadcast) -> SafeString:
    """Whether a broadcast goes on."""
    if broadcast.is_running:
        return shown_badge("recording", _("on air"))
    return shown_badge("ended", _("over"))
