"""Sends signed webhooks, or loses, doubles, delays and shuffles them when told to."""

import hashlib
import hmac
import json
import queue
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import requests

from .answers import Answers
from .disorder import Disorder
from .records import Event, Webhook, new_id
from .state import State


@dataclass(eq=False)
class Delivery:
    """One webhook POST, sent or not. `status` is None until an answer came."""

    id: str
    team: str = field(repr=False)
    webhook: Webhook
    body: bytes = field(repr=False)
    type: str
    at: float
    state: str = "waiting"
    status: int | None = None

    @property
    def payload(self) -> dict[str, Any]:
        """The body, parsed."""
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed

    @property
    def signature(self) -> str:
        """Hex HMAC-SHA256 of the raw body, keyed with the API key (API reference 17.4)."""
        return hmac.new(self.team.encode(), self.body, hashlib.sha256).hexdigest()


def write_body(document: dict[str, Any]) -> bytes:
    """JSON as the service writes it: `&`, `<` and `>` escaped (API reference 17.4)."""
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    for character, escaped in (("&", "\\u0026"), ("<", "\\u003c"), (">", "\\u003e")):
        text = text.replace(character, escaped)
    return text.encode()


class Deliveries:
    """A queue, and one thread that sends from it in order. At most 2,000 are kept for show."""

    LIMIT = 2_000

    def __init__(self, state: State, answers: Answers) -> None:
        self._state = state
        self._answers = answers
        self._queue: queue.Queue[Delivery | None] = queue.Queue()
        self._unfinished = 0
        self._changed = threading.Condition()
        self._held: list[Delivery] = []
        self._shuffled: Delivery | None = None
        self._disorder = Disorder(state.knobs)
        #: Deliveries that wait for the end of a second, by that second.
        self._seconds: dict[int, list[Delivery]] = {}
        self._thread: threading.Thread | None = None
        self._session = requests.Session()
        self._session.trust_env = False
        self.sent: list[Delivery] = []
        state.listeners.append(self.listen)

    def listen(self, event: Event) -> None:
        """Queue what the meeting's webhook asked for."""
        webhook = self._state.webhooks.get(event.meeting.team)
        if webhook is None or event.type not in webhook.types:
            return
        document = self._answers.webhook_body(event)
        if document is None:
            return
        team, body = event.meeting.team, write_body(document)
        repeats = self._state.knobs.duplicate_deliveries + self._disorder.repeats()
        for _ in range(1 + repeats):
            self._dispatch(Delivery(new_id(), team, webhook, body, event.type, event.at))

    def _dispatch(self, delivery: Delivery) -> None:
        knobs = self._state.knobs
        with self._changed:
            self.sent.append(delivery)
            del self.sent[: -self.LIMIT]
        if knobs.drop_deliveries:
            delivery.state = "dropped"
        elif knobs.hold_deliveries:
            delivery.state = "held"
            self._held.append(delivery)
        elif knobs.delay_deliveries_seconds:
            self._state.clock.after(knobs.delay_deliveries_seconds, lambda: self._enqueue(delivery))
        elif knobs.shuffle_deliveries:
            self._keep_until_its_second_ends(delivery)
        elif knobs.reorder_deliveries and self._shuffled is None:
            # Kept back until the next one has gone out, or nothing else comes for a second.
            self._shuffled = delivery
            self._state.clock.after(1.0, self._send_shuffled)
        else:
            self._enqueue(delivery)
            self._send_shuffled()

    def _keep_until_its_second_ends(self, delivery: Delivery) -> None:
        second = int(delivery.at)
        if second not in self._seconds:
            self._seconds[second] = []
            self._state.clock.after(second + 1 - delivery.at, lambda: self._send_second(second))
        self._seconds[second].append(delivery)

    def _send_second(self, second: int) -> None:
        deliveries = self._seconds.pop(second, [])
        self._disorder.shuffle(deliveries)
        for delivery in deliveries:
            self._enqueue(delivery)

    def _send_shuffled(self) -> None:
        delivery, self._shuffled = self._shuffled, None
        if delivery:
            self._enqueue(delivery)

    def release(self, ids: list[str] | None = None) -> int:
        """Send held deliveries, all or the named ones, in the order named. Returns how many."""
        with self._state.locked():
            by_id = {delivery.id: delivery for delivery in self._held}
            chosen = [by_id[i] for i in (by_id if ids is None else ids) if i in by_id]
            self._held = [delivery for delivery in self._held if delivery not in chosen]
        for delivery in chosen:
            self._enqueue(delivery)
        return len(chosen)

    def _enqueue(self, delivery: Delivery) -> None:
        with self._changed:
            self._unfinished += 1
        delivery.state = "waiting"
        self._queue.put(delivery)

    def start(self) -> None:
        """Begin sending."""
        self._thread = threading.Thread(target=self._run, name="sandbox-webhooks", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop after the delivery that is on its way. What waits is not sent."""
        if self._thread:
            self._drain()
            self._queue.put(None)
            self._thread.join()
            self._thread = None
        self._session.close()

    def settle(self, timeout_seconds: float) -> bool:
        """Wait until all that is queued has been answered. False when time ran out."""
        deadline = time.monotonic() + timeout_seconds
        with self._changed:
            return self._changed.wait_for(
                lambda: self._unfinished == 0, max(0.0, deadline - time.monotonic())
            )

    def reset(self) -> None:
        """Forget what was sent and what waits."""
        self._drain()
        self._held.clear()
        self._shuffled = None
        self._seconds.clear()
        self._disorder.start_over()
        with self._changed:
            self.sent.clear()

    def _drain(self) -> None:
        while True:
            try:
                self._queue.get_nowait()
            except queue.Empty:
                return
            self._count_down()

    def _count_down(self) -> None:
        with self._changed:
            self._unfinished -= 1
            self._changed.notify_all()

    def _run(self) -> None:
        while (delivery := self._queue.get()) is not None:
            try:
                self._send(delivery)
            finally:
                self._count_down()

    def _send(self, delivery: Delivery) -> None:
        delivery.webhook.last_request_sent_at = self._state.clock.now()
        try:
            response = self._session.post(
                delivery.webhook.url,
                data=delivery.body,
                headers={
                    "Content-Type": "application/json",
                    "User-Agent": "eyeson-sandbox",
                    "X-Eyeson-Signature": delivery.signature,
                },
                timeout=self._state.knobs.delivery_timeout_seconds,
                allow_redirects=False,
            )
        except requests.RequestException:
            delivery.state = "failed"
            delivery.webhook.last_response_code = None
            return
        delivery.state = "sent"
        delivery.status = response.status_code
        delivery.webhook.last_response_code = str(response.status_code)
