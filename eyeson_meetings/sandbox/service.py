"""The parts of one running sandbox, and how endpoints reach them from a request."""

import hmac
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from .answers import Answers
from .broadcasts import Broadcasts
from .calls import Calls
from .deliveries import Deliveries
from .faults import Faults
from .files import Files
from .forwards import Forwards
from .knobs import Knobs
from .links import Links
from .observer import Observers
from .permalinks import Permalinks
from .records import Meeting, Person
from .refusals import RefusedError
from .sockets import Sockets
from .stage import Stage
from .state import State


@dataclass(frozen=True)
class Service:
    """Everything an endpoint may need."""

    state: State
    knobs: Knobs
    links: Links
    answers: Answers
    calls: Calls
    faults: Faults
    deliveries: Deliveries
    sockets: Sockets
    observers: Observers
    broadcasts: Broadcasts
    files: Files
    stage: Stage
    permalinks: Permalinks
    forwards: Forwards

    def reset(self) -> None:
        """Back to the beginning: no meetings, no webhooks, no log, all knobs as at the start."""
        self.state.reset()
        self.permalinks.reset()
        self.deliveries.reset()
        self.calls.clear()
        self.faults.clear()
        self.cut_sockets()

    def cut_sockets(self) -> None:
        """Close every socket without a word, as when the network fails."""
        self.sockets.close_all()
        self.observers.close_all()


def service_of(connection: HTTPConnection) -> Service:
    """The sandbox this request came to."""
    service: Service = connection.app.state.service
    return service


def team_of(connection: HTTPConnection, *, since_2024: bool = False) -> str:
    """The API key sent. Refuses a missing or unknown one (403), or a locked one (423).

    `since_2024`: as permalinks and forwards do, with 401 (API reference 20).
    """
    service = service_of(connection)
    api_key = _known_key(service, connection.headers.get("authorization", ""))
    if api_key is not None:
        if service.knobs.api_key_locked:
            raise RefusedError(423, "API key is locked")
        return api_key
    knobs = service.knobs
    status = knobs.bad_api_key_status_since_2024 if since_2024 else knobs.bad_api_key_status
    raise RefusedError(status, "Invalid API key")


def observing_team_of(connection: HTTPConnection) -> str | None:
    """The API key of an observer, sent in one of three ways (API reference 18.3). None: no right one."""
    service = service_of(connection)
    sent = [
        connection.headers.get("authorization", ""),
        connection.query_params.get("api_key", ""),
        *connection.scope.get("subprotocols", []),
    ]
    known = [api_key for one in sent if (api_key := _known_key(service, one)) is not None]
    return known[0] if known and not service.knobs.api_key_locked else None


def _known_key(service: Service, sent: str) -> str | None:
    for api_key in service.state.api_keys:
        if hmac.compare_digest(sent.encode(), api_key.encode()):
            return api_key
    return None


def person_of(connection: HTTPConnection) -> tuple[Meeting, Person, str]:
    """Meeting, person and access key in the path (API reference 1.2 and 1.5)."""
    service = service_of(connection)
    if service.knobs.strict_credentials and "authorization" in connection.headers:
        # The header makes the service read the path segment as a room id.
        raise RefusedError(404, "Room not found")
    access_key: str = connection.path_params["access_key"]
    meeting, person = service.state.by_access_key(access_key)
    return meeting, person, access_key
