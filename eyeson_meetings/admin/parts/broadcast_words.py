"""What is known of a meeting's broadcasts, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from eyeson_meetings.services.broadcasts import running_broadcast

from .showing import shown_badge

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

    from eyeson_meetings.models import Broadcast, Meeting


def known_broadcast(meeting: Meeting) -> Broadcast | None:
    """The broadcast that runs, so far as we know. One query a meeting object."""
    if not hasattr(meeting, "_known_broadcast"):
        meeting._known_broadcast = running_broadcast(meeting)  # type: ignore[attr-defined]
    known: Broadcast | None = meeting._known_broadcast  # type: ignore[attr-defined]
    return known


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
