"""Two rooms with everything in them: one is that of the roles, the other has nothing to do with them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.db.models import Model
from django.utils import timezone
from factory.django import DjangoModelFactory

from example_project.appointments.models import Appointment
from eyeson_meetings import models
from tests import factories

#: In every name and text of the other room, and in the bytes of its files.
CANARY = "canary"
#: What belongs to the account and not to a room: hosts choose from targets, staff look at deliveries.
OF_THE_ACCOUNT = (models.BroadcastTarget, models.Delivery, models.SyncRun)

_STORED = {
    "store_state": "stored",
    "size_bytes": 6,
    "sha256": "5f" * 32,
    "stored_at": factories.STARTED_AT,
}
#: What rows have that a factory would not give them.
_GIVEN: dict[type[Model], dict[str, Any]] = {
    models.Meeting: {"ended": True},
    models.Broadcast: {"stopped": True},
    models.Recording: {**_STORED, "content_type": "video/webm"},
    models.Snapshot: {**_STORED, "content_type": "image/jpeg"},
    models.RoomFile: _STORED,
}
_FACTORIES: dict[type[Model], type[DjangoModelFactory[Any]]] = {
    made._meta.model: made
    for made in vars(factories).values()
    if isinstance(made, type) and issubclass(made, DjangoModelFactory) and made._meta.model
}


@dataclass
class Belongings:
    """A room, who is in it, and one row of everything else that has a factory."""

    word: str
    rows: dict[type[Model], Any] = field(default_factory=dict)
    host: Any = None
    member: Any = None

    @classmethod
    def made(cls, word: str) -> Belongings:
        """All of it, with `word` in every name."""
        made = cls(word)
        room: models.Room = factories.RoomFactory(
            name=f"{word} room", guest_access="link", metadata={"x": word}
        )
        made.host, made.member = (
            factories.UserFactory(
                username=f"{word}-{role}",
                first_name=word,
                last_name=role,
                email=f"{word}@{role}.org",
            )
            for role in ("host", "member")
        )
        factories.RoomMemberFactory(room=room, user=made.host, role="host")
        membership = factories.RoomMemberFactory(room=room, user=made.member)
        made.rows = {
            models.Room: room,
            models.RoomMember: membership,
            get_user_model(): made.member,
            Group: Group.objects.create(name=f"{word} group"),
        }
        made._add_permalink()
        for model in _FACTORIES:
            made.row_of(model)
        made.rows[Appointment] = Appointment.objects.create(
            host=made.host,
            client=made.member,
            room=room,
            topic=f"{word} topic",
            starts_at=timezone.now(),
            ends_at=timezone.now() + timedelta(hours=1),
        )
        return made

    def _add_permalink(self) -> None:
        """A room of its own for the same people: none becomes a permalink's later."""
        room: models.Room = factories.RoomFactory(name=f"{self.word} clinic")
        factories.RoomMemberFactory(room=room, user=self.host, role="host")
        factories.RoomMemberFactory(room=room, user=self.member)
        host: models.PermalinkHost = factories.PermalinkHostFactory(
            permalink__room=room,
            participant__user=self.host,
            name=self.word,
            user_token=f"{self.word}-user-token",
        )
        self.rows |= {models.Permalink: host.permalink, models.PermalinkHost: host}

    def row_of(self, model: type[Model]) -> Any:
        """The row of that model, made with the rows it points to."""
        if model not in self.rows:
            factory = _FACTORIES[model]
            takes = {*factory._meta.base_declarations, *factory._meta.parameters}
            given = dict(_GIVEN.get(model, {}))
            if "name" in takes and model not in OF_THE_ACCOUNT:
                given["name"] = f"{self.word} {model._meta.model_name}"
            for relation in model._meta.fields:
                related: Any = relation.related_model
                # Of a meeting's rows the factory knows the room.
                is_known = relation.name == "room" and "meeting" in takes
                if relation.name in takes and related in _FACTORIES and not is_known:
                    given[relation.name] = self.row_of(related)
            self.rows[model] = factory(**given)
            if "store_state" in given:
                self.rows[model].file.save("file.bin", ContentFile(self.word.encode()))
        return self.rows[model]

    def secrets(self) -> list[str]:
        """The word, and every id that no stranger can know."""
        ids = {
            str(getattr(row, name))
            for model, row in self.rows.items()
            if model not in OF_THE_ACCOUNT
            for name in ("uuid", "eyeson_id")
            if getattr(row, name, "")
        }
        return [self.word, *sorted(ids)]

    def address(self, route: str) -> str:
        """The address of `route` for these rows.

        Raises LookupError for an argument that nobody knows how to fill: add it here.
        """
        if route.startswith("admin/^"):  # admin:app_list
            return "/admin/eyeson_meetings/"
        route = route.replace("(?P<url>.*)$", "nowhere/")
        return "/" + re.sub(
            r"([\w-]*/)<(?:\w+:)?(\w+)>", lambda found: self._filled(route, *found.groups()), route
        )

    def _filled(self, route: str, segment: str, argument: str) -> str:
        match argument:
            case "uuid" | "room_uuid":
                row = self._row_at(segment, route)
                # A permalink has the public id of its room.
                return f"{segment}{getattr(row, 'uuid', None) or row.room.uuid}"
            case "account":
                return f"{segment}default"
            case "digest":
                return f"{segment}{self.rows[models.Delivery].digest}"
            case "token":
                # Signed by nobody: whoever has a real link may open it.
                return f"{segment}{self.rows[models.Room].uuid}:1:forged"
            case "pk" if segment == "appointments/":
                return f"{segment}{self.rows[Appointment].pk}"
            case "content_type_id":
                return f"{segment}{ContentType.objects.get_for_model(models.Room).pk}"
            case "object_id" | "id":
                model = (
                    models.Room
                    if "admin/r/" in route
                    else apps.get_model(".".join(route.split("/")[1:3]))
                )
                return f"{segment}{self._row(model, route).pk}"
        raise LookupError(f"{route} takes an argument that this matrix does not know: {argument}.")

    def _row_at(self, segment: str, route: str) -> Any:
        name = segment.rstrip("/").removesuffix("s").replace("-", "")
        if "permalink" in route:
            return self.rows[models.Permalink]
        name = {"file": "roomfile", "target": "broadcasttarget"}.get(name, name)
        return self._row(apps.get_model("eyeson_meetings", name), route)

    def _row(self, model: type[Model], route: str) -> Any:
        if model not in self.rows:
            raise LookupError(
                f"{route} is about {model.__name__}: give it one in tests/factories.py."
            )
        return self.rows[model]
