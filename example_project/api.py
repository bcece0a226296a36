"""What the site's REST API can do, as a page: read from the OpenAPI document, without any script."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.views.generic import TemplateView
from drf_spectacular.generators import SchemaGenerator


class ApiPage(LoginRequiredMixin, TemplateView):
    """Every endpoint with one sentence, for people who are signed in."""

    template_name = "api.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The operations, by resource."""
        document = SchemaGenerator().get_schema(request=None, public=True)
        operations = [
            {"method": method.upper(), "path": path, **operation}
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        ]
        return super().get_context_data(operations=operations, **kwargs)
