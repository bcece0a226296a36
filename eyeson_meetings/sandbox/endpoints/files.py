"""Files: API reference 15."""

import mimetypes

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from eyeson_meetings.sandbox.forms import read_parameters, take_upload, text
from eyeson_meetings.sandbox.refusals import RefusedError
from eyeson_meetings.sandbox.service import person_of, service_of
from eyeson_meetings.sandbox.uploads import Upload


async def list_of_meeting(request: Request) -> Response:
    """All files of the meeting (15.1)."""
    service = service_of(request)
    with service.state.locked():
        meeting, _, access_key = person_of(request)
        return JSONResponse({"files": service.answers.files(meeting, access_key)})


async def upload(request: Request) -> Response:
    """Take a file in, by multipart only (15.2)."""
    service = service_of(request)
    sent = await take_upload(request, "file")
    # Hashing a large file takes a while: not in the loop, and not while all else stands still.
    taken = await run_in_threadpool(Upload, sent.file) if sent else None
    pages = await run_in_threadpool(taken.count_pages) if taken else None
    with service.state.locked():
        meeting, person, access_key = person_of(request)
        if sent is None or taken is None:
            raise RefusedError(400, "file is required")
        name = sent.filename or ""
        file = service.files.add(
            meeting,
            person,
            name=name,
            content_type=sent.content_type or _guess(name),
            upload=taken,
            pages=pages,
        )
        return JSONResponse(service.answers.file(file, access_key), status_code=201)


def _guess(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


async def show(request: Request) -> Response:
    """One file, with fresh links (15.3)."""
    service = service_of(request)
    with service.state.locked():
        meeting, _, access_key = person_of(request)
        file = service.files.find(meeting, request.path_params["file_id"])
        return JSONResponse(service.answers.file(file, access_key))


async def change(request: Request) -> Response:
    """Rename it. Nobody documents what may be changed (15.4); `name` is what makes sense."""
    service = service_of(request)
    parameters = await read_parameters(request)
    with service.state.locked():
        meeting, _, access_key = person_of(request)
        file = service.files.find(meeting, request.path_params["file_id"])
        name = text(parameters, "name")
        if name:
            service.files.rename(file, name)
        return JSONResponse(service.answers.file(file, access_key))


async def delete(request: Request) -> Response:
    """Forget it (15.5)."""
    service = service_of(request)
    with service.state.locked():
        meeting, _, _ = person_of(request)
        service.files.delete(service.files.find(meeting, request.path_params["file_id"]))
    return Response(status_code=200)


_PATH = "/rooms/{access_key}/files"

ROUTES = [
    Route(_PATH, list_of_meeting, methods=["GET"]),
    Route(_PATH, upload, methods=["POST"]),
    Route(_PATH + "/{file_id}", show, methods=["GET"]),
    Route(_PATH + "/{file_id}", change, methods=["PUT"]),
    Route(_PATH + "/{file_id}", delete, methods=["DELETE"]),
]
