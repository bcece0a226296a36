"""How often one user may ask: a scope for reading, one for changing, one for what makes this site ask eyeson."""

from __future__ import annotations

from typing import Any

from rest_framework.settings import api_settings
from rest_framework.throttling import UserRateThrottle

#: Scope → rate, for sites whose `DEFAULT_THROTTLE_RATES` names none. `None` there switches a scope off.
RATES = {
    "eyeson-read": "600/min",
    "eyeson-write": "120/min",
    "eyeson-call": "60/min",
}


class ActionThrottle(UserRateThrottle):
    """A rate for each user and scope, in the site's cache. Fairness, not security: counts are not exact."""

    def __init__(self, scope: str) -> None:
        self.scope = scope
        super().__init__()

    def get_rate(self) -> Any:
        """The site's rate for this scope, or ours. Read on use: settings may change in tests."""
        scope = str(self.scope)
        return api_settings.DEFAULT_THROTTLE_RATES.get(scope, RATES[scope])
