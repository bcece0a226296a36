"""The lock of a meeting: API reference 16.1."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from eyeson_meetings.sandbox.service import person_of, service_of


async def lock(request: Request) -> Response:
    """Let no more guests in. There is no unlock."""
    service = service_of(request)
    with service.state.locked():
        meeting, _, _ = person_of(request)
        service.state.lock(meeting)
    return Response(status_code=201)


ROUTES = [Route("/rooms/{access_key}/lock", lock, methods=["POST"])]
