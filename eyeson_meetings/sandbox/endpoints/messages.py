"""Messages: API reference 10. The meeting page has a chat line."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from eyeson_meetings.sandbox.forms import read_parameters, required_text
from eyeson_meetings.sandbox.refusals import RefusedError
from eyeson_meetings.sandbox.service import person_of, service_of


async def send(request: Request) -> Response:
    """Pass a message on to everyone connected."""
    service = service_of(request)
    parameters = await read_parameters(request)
    kind, content = required_text(parameters, "type"), required_text(parameters, "content")
    if kind not in ("chat", "custom"):
        raise RefusedError(400, "type is invalid")
    with service.state.locked():
        meeting, person, _ = person_of(request)
        service.state.say(meeting, person, kind=kind, content=content)
    return Response(status_code=201)


ROUTES = [Route("/rooms/{access_key}/messages", send, methods=["POST"])]
