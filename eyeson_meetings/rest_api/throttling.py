"""How often one user may ask: a scope for reading, one for changing, one for what makes this site ask eyeson."""

from __future__ import annotations

import logging
from typing import Any

from django.db import Error as DatabaseFault
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from eyeson_meetings.outages import OnceLogged

logger = logging.getLogger(__name__)

#: Scope → rate, for sites whose `DEFAULT_THROTTLE_RATES` names none. `None` there switches a scope off.
RATES = {
    "eyeson-read": "600/min",
    "eyeson-write": "120/min",
    "eyeson-call": "60/min",
}

_cache_log = OnceLogged(logger)


class ActionThrottle(UserRateThrottle):
    """A rate for each user and scope, in the site's cache. Fairness, not security: counts are not exact."""

    def __init__(self, scope: str) -> None:
        self.scope = scope
        super().__init__()

    def get_rate(self) -> Any:
        """The site's rate for this scope, or ours. Read on use: settings may change in tests."""
        scope = str(self.scope)
        return api_settings.DEFAULT_THROTTLE_RATES.get(scope, RATES[scope])

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Return whether the user may ask now. While the cache does not answer, everybody may."""
        try:
            is_allowed = bool(super().allow_request(request, view))
        except DatabaseFault:
            # A cache in the database: that outage is answered like any other of the database.
            raise
        except Exception as error:  # noqa: BLE001 - a cache may fail in any way
            _cache_log.warn(
                f"The cache does not answer ({type(error).__name__}): "
                "calls of the REST API are not counted."
            )
            return True
        _cache_log.clear()
        return is_allowed
