"""The registration of webhooks: API reference 17.1 to 17.3."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from eyeson_meetings.sandbox.forms import read_parameters, required_text
from eyeson_meetings.sandbox.records import Webhook, new_id
from eyeson_meetings.sandbox.refusals import RefusedError
from eyeson_meetings.sandbox.service import service_of, team_of


async def register(request: Request) -> Response:
    """Set the one webhook of the API key (17.1). http is allowed here."""
    service, team = service_of(request), team_of(request)
    parameters = await read_parameters(request)
    url = required_text(parameters, "url")
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise RefusedError(400, "url is invalid")
    if "types" not in parameters:
        raise RefusedError(400, "types is required")
    sent = parameters["types"]
    # The service silently ignores a list: it wants one comma-separated text.
    types = [t.strip() for t in sent.split(",") if t.strip()] if isinstance(sent, str) else []
    with service.state.locked():
        if service.knobs.webhook_post_replaces or team not in service.state.webhooks:
            service.state.webhooks[team] = Webhook(new_id(), url, types)
    return Response(status_code=201)


async def show(request: Request) -> Response:
    """The webhook of the API key, or null (17.2)."""
    service, team = service_of(request), team_of(request)
    with service.state.locked():
        return JSONResponse(service.answers.webhook(service.state.webhooks.get(team)))


async def delete(request: Request) -> Response:
    """Forget it (17.3)."""
    service, team = service_of(request), team_of(request)
    with service.state.locked():
        webhook = service.state.webhooks.get(team)
        if webhook is None or webhook.id != request.path_params["webhook_id"]:
            raise RefusedError(404, "Webhook not found")
        del service.state.webhooks[team]
    return Response(status_code=204)


ROUTES = [
    Route("/webhooks", register, methods=["POST"]),
    Route("/webhooks", show, methods=["GET"]),
    Route("/webhooks/{webhook_id}", delete, methods=["DELETE"]),
]
