"""Whether somebody may be there twice, after a double click or a lost answer, and whether rooms have a host."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from eyeson_meetings.services.members import rooms_without_host
from eyeson_meetings.services.participants import likely_pairs

from .findings import Finding, warning

#: So many pairs of an account are named.
MOST_PAIRS = 10
MOST_ROOMS = 10


def check_pairs(aliases: list[str]) -> Iterator[Finding]:
    """Name pairs of participants who may be one person. Only staff can know; nothing is merged by itself."""
    for alias in aliases:
        pairs = [
            _("“%(name)s” in “%(room)s” (%(first)d and %(second)d)")
            % {"name": one.name, "room": one.room, "first": one.pk, "second": other.pk}
            for one, other in likely_pairs(alias, most=MOST_PAIRS)
        ]
        if pairs:
            message = _("These participants may be one person each: %(pairs)s.")
            hint = _(
                "If they are, press “Merge with another person” in the admin, on the page of the one who is to stay."
            )
            yield warning("pairs", message % {"pairs": ", ".join(pairs)}, hint, account=alias)


def check_hosts(aliases: list[str]) -> Iterator[Finding]:
    """Name rooms whose members have no host, as after its user was deleted."""
    for alias in aliases:
        rooms = [str(room) for room in rooms_without_host(alias, most=MOST_ROOMS)]
        if rooms:
            message = _("These rooms have members and no host: %(rooms)s.")
            hint = _("Make a member of each a host, in the admin on the page of the room.")
            yield warning("hosts", message % {"rooms": ", ".join(rooms)}, hint, account=alias)
