"""What all endpoints share: who may ask, how often, what they take and answer, and which rooms they see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.utils.decorators import method_decorator
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, Serializer
from rest_framework.throttling import BaseThrottle
from rest_framework.viewsets import GenericViewSet

from eyeson_meetings.databases import in_no_transaction
from eyeson_meetings.models import Room
from eyeson_meetings.policies import policy
from eyeson_meetings.rest_api.errors import answer_to
from eyeson_meetings.rest_api.filters import FilterBackend
from eyeson_meetings.rest_api.pagination import SealedCursorPagination
from eyeson_meetings.rest_api.reading import AlwaysJSON, BoundedJSONParser
from eyeson_meetings.rest_api.throttling import ActionThrottle

READ, WRITE, CALL = "eyeson-read", "eyeson-write", "eyeson-call"


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """What one action takes and answers. Throttling, the views and the OpenAPI document go by it."""

    #: One sentence for the document.
    summary: str
    #: The body that is read; None: none is.
    takes: type[BaseSerializer[Any]] | None = None
    #: The body of the answer; None: it has none.
    answers: type[BaseSerializer[Any]] | None = None
    status: int = 200
    scope: str = READ
    #: 409 can come of it, without eyeson being asked.
    may_conflict: bool = False

    @property
    def asks_eyeson(self) -> bool:
        """Whether eyeson's refusal or absence can come of it."""
        return self.scope == CALL


NOTHING = Endpoint(summary="")


# A rollback could not undo what eyeson has done: it is never asked inside a transaction.
@method_decorator(in_no_transaction, name="dispatch")
class ApiViewSet(GenericViewSet[Any]):
    """Signed-in users, JSON, cursors, one shape of errors. Which authentication counts, the site decides."""

    permission_classes = [IsAuthenticated]
    parser_classes = [BoundedJSONParser]
    renderer_classes = [JSONRenderer]
    content_negotiation_class = AlwaysJSON
    pagination_class = SealedCursorPagination
    filter_backends = [FilterBackend]
    # OPTIONS would describe forms; the OpenAPI document does that.
    metadata_class = None
    versioning_class = None
    http_method_names = ["get", "head", "post", "patch"]
    lookup_field = "uuid"
    lookup_value_converter = "uuid"

    #: Action → what it takes and answers.
    endpoints: ClassVar[Mapping[str, Endpoint]] = {}

    @property
    def endpoint(self) -> Endpoint:
        """The one that is asked for; for a method that is not offered, one that does nothing."""
        return self.endpoints.get(self.action or "", NOTHING)

    def get_exception_handler(self) -> Callable[..., Response | None]:
        """Ours, whatever the site uses elsewhere."""
        return answer_to

    def get_throttles(self) -> list[BaseThrottle]:
        """One, for the scope of the action."""
        return [ActionThrottle(self.endpoint.scope)]

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        """Of the answer."""
        return self.endpoint.answers or Serializer

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """The answer, which no cache keeps and no page loads as something else."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "private, no-store")
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    def body(self, **context: Any) -> dict[str, Any]:
        """What the client sent, checked. Raises ValidationError; nothing has been done then.

        `context` is for the serializer, beside what it always has.
        """
        taken = (self.endpoint.takes or Serializer)(
            data=self.request.data,
            context={**self.get_serializer_context(), **context},
            partial=self.request.method == "PATCH",
        )
        taken.is_valid(raise_exception=True)
        return dict(taken.validated_data)

    def answer(self, value: Any = None) -> Response:
        """`value` as the table says."""
        if self.endpoint.answers is None:
            return Response(status=self.endpoint.status)
        return Response(self.get_serializer(value).data, status=self.endpoint.status)

    def page(self, rows: QuerySet[Any]) -> Response:
        """A page of `rows`, filtered as asked."""
        shown = self.paginate_queryset(self.filter_queryset(rows))
        return self.get_paginated_response(self.get_serializer(shown, many=True).data)

    def rooms(self) -> QuerySet[Room]:
        """The rooms whose rows this user may list."""
        return policy().visible_rooms(self.request.user)

    def room_of(self, uuid: UUID) -> Room:
        """The room. Raises NotFound for one that is not there or that this user may not see."""
        user = self.request.user
        room = Room.objects.for_display(user).filter(uuid=uuid).first()
        if room is None or not (policy().can_view(user, room) or policy().can_join(user, room)):
            raise NotFound
        return room

    def require(self, *abilities: str, room: Room) -> None:
        """Raises PermissionDenied unless the policy gives this user one of the abilities in `room`."""
        user = self.request.user
        if not any(getattr(policy(), f"can_{ability}")(user, room) for ability in abilities):
            raise PermissionDenied
