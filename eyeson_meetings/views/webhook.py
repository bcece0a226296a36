"""Where eyeson delivers its webhooks: one address for all accounts.

Nothing is read before its length is known to be bearable, and nothing is kept unless it is signed.
"""

from __future__ import annotations

import logging
import re
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import Error as DatabaseFault
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.views.decorators.csrf import csrf_exempt

from eyeson_meetings import tasks
from eyeson_meetings.conf import setting
from eyeson_meetings.databases import in_no_transaction
from eyeson_meetings.exceptions import BadSignatureError
from eyeson_meetings.models import Delivery
from eyeson_meetings.outages import RETRY_AFTER_SECONDS, Tally, already_logged
from eyeson_meetings.services import inbox

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 256 * 1024


class _RefusedError(Exception):
    """The request is answered with this status and read no further."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(status)


# It commits by itself, and then mirrors: no transaction may be held around that.
@in_no_transaction
@csrf_exempt
@login_not_required
def webhook(request: HttpRequest) -> HttpResponse:
    """Keep what is signed by one of our keys: 204, whatever it says and whatever becomes of it.

    405 for all but POST, 411, 413 and 415 for bodies that are not read, 403 for what nobody of us signed,
    503 while the database cannot be reached.
    """
    if request.method != "POST":
        return already_logged(HttpResponseNotAllowed(["POST"]))
    try:
        received = inbox.receive(
            body=_body_of(request), signature=request.META.get("HTTP_X_EYESON_SIGNATURE")
        )
    except _RefusedError as refused:
        return _refusal(refused.status)
    except BadSignatureError:
        return _refusal(403)
    except (OperationalError, InterfaceError) as error:
        _unreachable.count(type(error).__name__)
        response = HttpResponse(status=503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
        return already_logged(response)
    _go_on_with(received.delivery)
    return HttpResponse(status=204)


def _go_on_with(delivery: Delivery) -> None:
    if delivery.state != Delivery.State.RECEIVED:
        return
    if setting("PROCESSING") != "inline":
        tasks.hint_deliveries()
        return
    try:
        inbox.process_delivery(delivery.pk)
    except DatabaseFault as error:
        # It is kept, and eyeson need not know: `eyeson_work` finds it.
        logger.warning("Delivery %s waits: %s", delivery.pk, type(error).__name__)


def _body_of(request: HttpRequest) -> bytes:
    """The raw body. Raises _RefusedError for one that is encoded, too long, or of unknown length.

    `request.POST` and `request.body` stay untouched: they parse, and have limits of the site's own.
    """
    if request.META.get("HTTP_CONTENT_ENCODING"):
        raise _RefusedError(415)
    stream = _stream_of(request)
    body = b""
    try:
        # A server may hand out less than it is asked for; nothing at all is the end.
        while part := stream.read(MAX_BODY_BYTES + 1 - len(body)):
            body += part
            if len(body) > MAX_BODY_BYTES:
                raise _RefusedError(413)
    except OSError:
        # The sender went away.
        raise _RefusedError(400) from None
    return body


def _stream_of(request: HttpRequest) -> Any:
    length = request.META.get("CONTENT_LENGTH") or ""
    if re.fullmatch(r"[0-9]{1,18}", length):
        if int(length) > MAX_BODY_BYTES:
            raise _RefusedError(413)
        return request
    is_chunked = "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
    if length or not is_chunked:
        raise _RefusedError(411)
    if request.META.get("wsgi.input_terminated"):
        # Without a length Django takes a WSGI body for empty; this server ends the stream by itself.
        return request.META["wsgi.input"]
    if "wsgi.input" in request.META:
        # Nobody could say where this body ends.
        raise _RefusedError(411)
    # Under ASGI, Django has the whole body already.
    return request


_refused = Tally(logger, "Webhook requests refused: %d, the last with status %s.")
_unreachable = Tally(logger, "Webhook requests not kept: %d, the database cannot be reached (%s).")


def _refusal(status: int) -> HttpResponse:
    _refused.count(status)
    return already_logged(HttpResponse(status=status))
