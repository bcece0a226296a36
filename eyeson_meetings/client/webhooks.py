"""The one webhook of an API key (API reference 17.1 to 17.3)."""

from __future__ import annotations

from collections.abc import Iterable

from .calls import Call
from .records import Answer, Webhook
from .transport import Transport


class Webhooks:
    """Register, read and delete the webhook. Every method raises EyesonError."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def register(self, *, url: str, types: Iterable[str]) -> Answer[None]:
        """Ask for webhooks of these types (17.1).

        Whether one that is registered already is replaced, sources disagree: delete it first, and read
        back afterwards what eyeson kept.
        """
        # One text: a list was silently ignored.
        form = {"url": url, "types": ",".join(types)}
        return self._transport.tell(Call(method="POST", path="/webhooks", form=form))

    def get(self) -> Answer[Webhook | None]:
        """What is registered, None when nothing is (17.2)."""
        return self._transport.ask(Call(method="GET", path="/webhooks"), _webhook_or_none)

    def delete(self, *, webhook_id: str) -> Answer[None]:
        """No more webhooks (17.3). Raises NotFoundError."""
        call = Call(
            method="DELETE", path="/webhooks/:webhook_id", segments={"webhook_id": webhook_id}
        )
        return self._transport.tell(call)


def _webhook_or_none(value: object) -> Webhook | None:
    return None if value is None else Webhook.from_json(value)
