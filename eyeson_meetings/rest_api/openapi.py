"""The OpenAPI document, for sites that have drf-spectacular among their apps.

Nothing else imports this module: the API itself works without drf-spectacular, whose decorators would
otherwise be in every view. What it says comes from the same table by which the views work.
"""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiViewExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse

from .serializers import ProblemSerializer
from .views.base import ApiViewSet, Endpoint

#: Status → when it comes.
MEANINGS = {
    400: "A value of the body or the query is not valid.",
    401: "Not signed in.",
    403: "Not signed in, or not allowed.",
    404: "Not there, or not for you to see.",
    409: "What runs or is set does not allow it.",
    413: "The body is too large.",
    415: "The body is of another kind.",
    429: "Too many requests.",
    502: "eyeson's answer is of no use.",
    503: "eyeson or the database of the site does not answer, or the site is not set up for it.",
}


class EndpointSchema(AutoSchema):
    """Describes an action from the table of its view set."""

    def get_tags(self) -> list[str]:
        """The resource."""
        return [str(self._api_view.basename)]

    def get_operation_id(self) -> str:
        """Resource and action: "room_join"."""
        return f"{self._api_view.basename}_{self._api_view.action}"

    def get_summary(self) -> str:
        """The sentence of the table."""
        return self._endpoint.summary

    def get_description(self) -> str:  # type: ignore[override]  # as drf-spectacular's own
        """The same: there is no more to say."""
        return self._endpoint.summary

    def get_request_serializer(self) -> Any:
        """What is taken."""
        return self._endpoint.takes

    def get_response_serializers(self) -> Any:
        """What is answered, and every error that can come of it."""
        endpoint = self._endpoint
        good = endpoint.answers
        if self._is_list_view() and good is not None:
            described: dict[int, Any] = {endpoint.status: good(many=True)}
        else:
            described = {endpoint.status: good}
        if self._api_view.action == "state":
            described[304] = OpenApiResponse(description="As you know it.")
        for status in self._errors():
            described[status] = OpenApiResponse(ProblemSerializer, description=MEANINGS[status])
        return described

    def _is_list_view(self, serializer: Any = None) -> bool:
        return self._api_view.action == "list"

    @property
    def _api_view(self) -> ApiViewSet:
        view: Any = self.view
        assert isinstance(view, ApiViewSet)  # noqa: S101 - ApiViewExtension describes no others
        return view

    @property
    def _endpoint(self) -> Endpoint:
        return self._api_view.endpoint

    def _errors(self) -> list[int]:
        endpoint = self._endpoint
        found = [401, 403, 404, 429, 503]
        if self._api_view.action == "list" or endpoint.takes is not None:
            found.append(400)
        if endpoint.takes is not None:
            found += [413, 415]
        if endpoint.asks_eyeson or endpoint.may_conflict:
            found.append(409)
        if endpoint.asks_eyeson:
            found.append(502)
        return sorted(found)


class ApiViewExtension(OpenApiViewExtension):
    """Has our views described by EndpointSchema, whatever the site uses for its own."""

    target_class = "eyeson_meetings.rest_api.views.base.ApiViewSet"
    match_subclasses = True

    def view_replacement(self) -> type[ApiViewSet]:
        """The same view with another inspector."""
        return type(self.target.__name__, (self.target,), {"schema": EndpointSchema()})
