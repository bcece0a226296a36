"""The main job, done over real HTTP as people and their browsers do it; a line for each step.

A host and a guest meet, the host records from the site's admin, the recording comes home and is played.
What the site learned by webhook is proved three times: by its status endpoint, by the sandbox, whose
webhook was answered 204, and by the row of the delivery.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests
from django.utils import timezone

from example_project.appointments.management.commands.demo_data import PASSWORD
from eyeson_meetings.models import Delivery, Meeting, Recording, Room, RoomShutdown, SyncRun
from tools.demo_browser import TIMEOUT_SECONDS, Browser, MeetingPage
from tools.processes import Children, FailedError

NAME_WIDTH = 70
#: How long the meeting is recorded.
RECORD_SECONDS = 1.0
GUEST_NAME = "Gerda Guest"


class Report:
    """Prints a line a step, with the seconds since the one before."""

    def __init__(self, started: float) -> None:
        """The first step began then (`time.monotonic()`)."""
        self._since = started
        #: The step that is being done.
        self.doing = ""

    def done(self, step: str, detail: str = "") -> None:
        """Say that a step is done."""
        now = time.monotonic()
        print(f"{step:<{NAME_WIDTH}} {now - self._since:5.1f} s  {detail}".rstrip(), flush=True)
        self._since = now


class Smoke:
    """One run against a site and a sandbox that are up."""

    def __init__(
        self, *, site: str, sandbox: str, children: Children, report: Report, has_worker: bool
    ) -> None:
        """`site` and `sandbox` are their addresses, `children` the processes to keep an eye on."""
        self.sandbox = sandbox
        self.report = report
        self.has_worker = has_worker
        self._wait_until = children.wait_until
        self._started = timezone.now()
        self._host = Browser(site)
        self._guest = Browser(site)
        self._pages: list[MeetingPage] = []
        self._appointment = ""
        self._room: Room

    def run(self) -> None:
        """All steps. Raises FailedError at the first that fails."""
        steps: list[tuple[str, Callable[[], str | None]]] = [
            ("host joined", self.host_joins),
            ("guest joined", self.guest_joins),
            ("meeting started (by webhook)", self.meeting_starts),
            ("recording started", self.recording_starts),
            ("recording stopped", self.recording_stops),
            ("webhook received", self.webhook_comes),
            (
                "recording stored (bytes, sha256 equal to what the sandbox served)",
                self.recording_is_stored,
            ),
            ("played back with a Range request (206)", self.recording_plays),
            ("meeting ended (by webhook)", self.meeting_ends),
        ]
        for name, step in steps:
            self.report.doing = name
            self.report.done(name, step() or "")

    def host_joins(self) -> None:
        """Sign in, book an appointment, go through the lobby, be online."""
        self._sign_in()
        page = self._host.open("/appointments/new/")
        answer = self._host.send(
            page.form("/appointments/new/"),
            client=page.choice("id_client", "Clemens Berger"),
            starts_at=f"{timezone.localtime():%Y-%m-%dT%H:%M}",
            minutes="30",
            topic="Smoke test",
        )
        _expect(answer, 302, "booking")
        self._appointment = answer.headers["Location"]
        lobby = self._host.open(self._host.open(self._appointment).form("/meetings/rooms/").action)
        self._room = Room.objects.get(uuid=urlsplit(lobby.url).path.split("/")[-2])
        self._enter(self._host.send(lobby.form("/meetings/rooms/")), "joining as the host")
        self._wait_until(lambda: self._online() == 1, "the host is online at eyeson")

    def guest_joins(self) -> None:
        """Follow the guest link of the appointment's page, give a name, be online."""
        link = self._host.open(self._appointment).fields["guest-link"]
        answers: list[requests.Response] = []

        def is_let_in() -> bool:
            form = self._guest.open(link).form("/meetings/guest/")
            answers.append(self._guest.send(form, name=GUEST_NAME))
            # 409: the lobby, which waits until the meeting is known to run.
            return answers[-1].status_code != 409

        self._wait_until(is_let_in, "the guest is let in")
        self._enter(answers[-1], "joining as a guest")
        self._wait_until(lambda: self._online() == 2, "the guest is online at eyeson")

    def meeting_starts(self) -> None:
        """eyeson said so in a webhook."""

        def says_ready(body: dict[str, Any]) -> bool:
            return bool(body["room"]["ready"]) and not body["room"]["shutdown"]

        self._wait_until(lambda: self._was_delivered("room_update", says_ready), "a ready room")
        self._wait_until(lambda: self._status()["state"] == "running", "the page says: running")
        self._wait_until(lambda: self._status()["online"] == 2, "the page says: two people")
        self._nobody_asked()

    def recording_starts(self) -> None:
        """Press the button in the site's admin."""
        self._press("start-recording")
        self._wait_until(lambda: self._status()["recording"], "the page says: being recorded")

    def recording_stops(self) -> None:
        """Record a moment, and press the other button."""
        time.sleep(RECORD_SECONDS)
        self._press("stop-recording")
        self._wait_until(lambda: not self._status()["recording"], "the page says: not recorded")

    def webhook_comes(self) -> None:
        """eyeson said in a webhook that the recording is finished."""

        def says_finished(body: dict[str, Any]) -> bool:
            # The row holds the link without its signature.
            return bool(body["recording"]["links"]["download"])

        self._wait_until(
            lambda: self._was_delivered("recording_update", says_finished), "a finished recording"
        )
        self._nobody_asked()

    def recording_is_stored(self) -> str:
        """The bytes that the site serves, those that the sandbox served, and the row are the same."""
        self._wait_until(
            lambda: self._status()["recordings"][0]["state"] == "stored", "the recording is stored"
        )
        row = self._recording()
        served = requests.get(
            f"{self.sandbox}/_sandbox/recordings/{row.eyeson_id}", timeout=TIMEOUT_SECONDS
        ).json()
        answer = self._host.get(self._file())
        _expect(answer, 200, "the recording's file")
        ours = (len(answer.content), hashlib.sha256(answer.content).hexdigest())
        if not ours == (served["bytes"], served["sha256"]) == (row.size_bytes, row.sha256):
            raise FailedError(f"The site serves {ours}, the sandbox served {served}.")
        return f"{ours[0]:,} bytes, sha256 {ours[1][:16]}…"

    def recording_plays(self) -> None:
        """Parts of the file, as a player asks for them when somebody seeks."""
        whole = self._host.get(self._file()).content
        for first, last in ((0, 1023), (len(whole) // 2, len(whole) - 1)):
            answer = self._host.get(self._file(), Range=f"bytes={first}-{last}")
            _expect(answer, 206, "a part of the recording")
            if answer.content != whole[first : last + 1]:
                raise FailedError(f"Bytes {first} to {last} are not those of the file.")

    def meeting_ends(self) -> None:
        """All leave, eyeson ends the meeting, and says so in a webhook."""
        knobs = {"empty_after_seconds": 1.0}
        requests.post(
            f"{self.sandbox}/_sandbox/knobs", json=knobs, timeout=TIMEOUT_SECONDS
        ).raise_for_status()
        self.leave()
        self._wait_until(
            lambda: self._was_delivered("room_update", lambda body: body["room"]["shutdown"]),
            "a shutdown",
        )
        self._wait_until(lambda: self._status()["state"] == "ended", "the page says: ended")
        ended_at = Meeting.objects.get(room=self._room).ended_at
        if ended_at not in RoomShutdown.objects.filter(room=self._room).values_list(
            "at", flat=True
        ):
            raise FailedError("The meeting's end is not that of the webhook.")
        self._nobody_asked()

    def leave(self) -> None:
        """Close all meeting pages."""
        while self._pages:
            self._pages.pop().leave()

    def _sign_in(self) -> None:
        form = self._host.open("/").form("/accounts/login/")
        _expect(self._host.send(form, username="host", password=PASSWORD), 302, "signing in")

    def _enter(self, answer: requests.Response, what: str) -> None:
        _expect(answer, 303, what)
        address = answer.headers["Location"]
        if not address.startswith(f"{self.sandbox}/?"):
            raise FailedError(f"{what} leads elsewhere than to the meeting page.")
        self._pages.append(MeetingPage(address))

    def _press(self, button: str) -> None:
        link = self._host.open(self._appointment).link("/admin/eyeson_meetings/meeting/")
        form = self._host.open(link).form(f"/{button}/")
        _expect(self._host.send(form), 302, f"the button {button}")

    def _status(self) -> dict[str, Any]:
        answer = self._host.get(f"/meetings/rooms/{self._room.uuid}/status/")
        _expect(answer, 200, "the status")
        state: dict[str, Any] = answer.json()
        return state

    def _recording(self) -> Recording:
        return Recording.objects.get(room=self._room)

    def _file(self) -> str:
        return f"/meetings/recordings/{self._recording().uuid}/file/"

    def _online(self) -> int:
        meetings = self._sandbox_json("state")["meetings"]
        people = [m["people"] for m in meetings if m["room_id"] == self._room.eyeson_id]
        return sum(person["online"] for person in people[-1]) if people else 0

    def _was_delivered(self, kind: str, says: Callable[[dict[str, Any]], bool]) -> bool:
        """Whether the sandbox got a 204 for such webhooks, and the site has stored and mirrored them."""
        answered = [
            sent
            for sent in self._sandbox_json("deliveries")
            if sent["type"] == kind and sent["status"] == 204 and says(sent["payload"])
        ]
        rows = Delivery.objects.filter(
            type=kind, state=Delivery.State.DONE, room_eyeson_id=self._room.eyeson_id
        )
        mirrored = [row for row in rows if row.payload and says(row.payload)]
        return bool(answered and mirrored)

    def _nobody_asked(self) -> None:
        # Without a worker, `eyeson_work` asks every few seconds; the rows of the deliveries stay proof.
        if self.has_worker and SyncRun.objects.filter(started_at__gte=self._started).exists():
            raise FailedError("The site asked eyeson for the state, so no webhook was needed.")

    def _sandbox_json(self, path: str) -> Any:
        answer = requests.get(f"{self.sandbox}/_sandbox/{path}", timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        return answer.json()


def _expect(answer: requests.Response, status: int, what: str) -> None:
    if answer.status_code != status:
        raise FailedError(
            f"{what[:1].upper()}{what[1:]} answered {answer.status_code}, not {status}."
        )
