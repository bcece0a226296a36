"""What people and staff read when eyeson takes no new meeting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from eyeson_meetings.exceptions import KeyLockedError
from eyeson_meetings.models import Room
from eyeson_meetings.policies import policy

if TYPE_CHECKING:
    from eyeson_meetings.policies import User

#: How many rooms the text for staff names; the others are counted.
ROOMS_NAMED = 5


def no_new_meeting() -> str:
    """Return what people read: nothing that they did is wrong, and nothing of the site's set-up either."""
    return _(
        "eyeson takes no new meeting for this site at the moment. Please try again later or tell the people who "
        "run it."
    )


def why_no_new_meeting(
    error: KeyLockedError, *, account: str = "", user: User | None = None
) -> str:
    """Return what staff reads: what eyeson said, what may be used up, and which meetings are known to run.

    `account`: the alias of the account that was asked, "" when it is not known; meetings of others use up nothing of
    its plan. `user`: who reads it. Rooms that this person may not see are counted and not named; None sees all.
    API reference 1.5.
    """
    running = Room.objects.filter(running_since__isnull=False)
    if account:
        running = running.filter(account=account)
    shown = running if user is None else policy().visible_rooms(user).filter(pk__in=running)
    named = [str(room) for room in shown.order_by("running_since")[:ROOMS_NAMED]]
    sentences = [
        _("eyeson refuses this account for now. Its plan may limit meetings at once, or minutes.")
    ]
    if error.message:
        sentences.append(_("eyeson said: “%(said)s”.") % {"said": error.message})
    sentences.append(_known_to_run(running.count(), named))
    return " ".join(sentences)


def _known_to_run(count: int, named: list[str]) -> str:
    if not count:
        return _("No meeting is known to run now.")
    known = ngettext(
        "%(count)d meeting is known to run now", "%(count)d meetings are known to run now", count
    ) % {"count": count}
    if not named:
        return f"{known}."
    names, unnamed = ", ".join(named), count - len(named)
    if unnamed:
        names = _("%(names)s and %(count)d more") % {"names": names, "count": unnamed}
    return f"{known}: {names}."
