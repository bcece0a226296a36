"""The one shape of errors."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class ProblemSerializer(serializers.Serializer[Any]):
    """What went wrong. `fields` names parts of the body or query, and is empty for all else."""

    code = serializers.CharField()
    message = serializers.CharField()
    fields_ = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))

    def get_fields(self) -> dict[str, Any]:
        """The fields; `fields` is a word of REST framework's own."""
        fields = super().get_fields()
        fields["fields"] = fields.pop("fields_")
        return fields
