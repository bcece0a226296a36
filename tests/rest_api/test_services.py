"""What the site can do, it can do by the REST API: every service has its endpoint, or a reason to have none."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.urls import get_resolver

import eyeson_meetings

PACKAGE = Path(eyeson_meetings.__file__).parent
#: Where people and other programs come in. What only other services use is no service by itself.
SURFACES = ("admin", "live", "management", "rest_api", "templatetags", "views")

_GUESTS = "guests have no account, and the API is for those who have one"
_ROUNDS = "a round of the worker, or of cron"
_PAGES = "what pages show beside the lists of the API"

#: Services that a surface uses, or nobody does, and that have no endpoint; a module's name stands for all of it.
WITHOUT = {
    "accounts": "how services reach eyeson",
    "acts": "the mark of services that a person waits for",
    "control": "how services act in a meeting",
    "key_rotation": "for a command",
    "posters": _PAGES,
    "thumbnails": _PAGES,
    "values": "the limits of what services take",
    "observer_leases": "the observer worker's own",
    "observing": "the observer worker's own",
    "meeting_pages": "for the site's content security policy",
    "broadcasts.running_broadcast": "asks nobody: broadcasts/?running=true shows the row",
    "files.refresh_pending": _ROUNDS,
    "guests.guest_token_for": _GUESTS,
    "guests.inviter_of": _GUESTS,
    "guests.open_guest_link": _GUESTS,
    "inbox.process_due": _ROUNDS,
    "inbox.receive": "eyeson's webhooks are signed and have a view of their own",
    "media.fetch_due": _ROUNDS,
    "media.fetch_file": _ROUNDS,
    "media.fetch_recording": _ROUNDS,
    "media.fetch_row": _ROUNDS,
    "media.fetch_snapshot": _ROUNDS,
    "members.last_host_words": "what the admin says as well",
    "members.rooms_losing_host": "what the admin asks before it writes",
    "members.rooms_without_host": "for the doctor",
    "participants.likely_pairs": "for the doctor",
    "participants.merge_participants": "staff decide it on a page that shows both and asks first",
    "participants.others_like": "whom that page offers",
    "permalinks.permalink_of": "asks nobody: permalinks/ shows the row",
    "retention.prune": _ROUNDS,
    "rooms.join_as_guest": _GUESTS,
    "running.look_at_running": _ROUNDS,
    "status.confirmed_at": _PAGES,
    "status.guest_state": _GUESTS,
    "status.people_online": _PAGES,
    "status.recent_recordings": _PAGES,
    "status.recent_snapshots": _PAGES,
    "sync.sync_account": "POST account-sync has a worker do it: it may take minutes",
}


@cache
def read(path: Path) -> ast.Module:
    """The source of a module."""
    return ast.parse(path.read_text(encoding="utf-8"))


def modules() -> list[Path]:
    """The modules of services/."""
    return sorted((PACKAGE / "services").glob("*.py"))


@cache
def services() -> frozenset[str]:
    """Every public function of services/, as "module.function"."""
    return frozenset(
        f"{path.stem}.{node.name}"
        for path in modules()
        for node in read(path).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    )


def imports(tree: ast.Module) -> dict[str, str]:
    """What names stand for that a module imports from services/: a module of it, or "module.function"."""
    found = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        module = (
            f"eyeson_meetings.services.{node.module or ''}" if node.level else node.module or ""
        )
        if module.startswith("eyeson_meetings.services"):
            prefix = module.removeprefix("eyeson_meetings.services").strip(".")
            for one in node.names:
                found[one.asname or one.name] = f"{prefix}.{one.name}".strip(".")
    return found


@cache
def passed_on() -> dict[str, str]:
    """Functions that a module of services/ has from another one: `media.due` is `fetch_queue.due`."""
    return {
        f"{path.stem}.{name}": meant
        for path in modules()
        for name, meant in imports(read(path)).items()
        if meant in services()
    }


def used_in(tree: ast.AST, names: dict[str, str]) -> set[str]:
    """The services that this part of a module names."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            name = f"{names.get(node.value.id)}.{node.attr}"
            found.add(passed_on().get(name, name))
        elif isinstance(node, ast.Name):
            found.add(names.get(node.id, ""))
    return found & services()


@cache
def used_by(*surfaces: str) -> set[str]:
    """The services that modules of these folders name."""
    trees = [read(path) for surface in surfaces for path in (PACKAGE / surface).rglob("*.py")]
    return set().union(*(used_in(tree, imports(tree)) for tree in trees))


def methods_of_views() -> Iterator[tuple[str, str, set[str]]]:
    """Class, method, and the services that the method names."""
    for path in (PACKAGE / "rest_api" / "views").glob("*.py"):
        tree = read(path)
        names = imports(tree)
        for view in (node for node in tree.body if isinstance(node, ast.ClassDef)):
            for method in (node for node in view.body if isinstance(node, ast.FunctionDef)):
                yield view.name, method.name, used_in(method, names)


@cache
def endpoints() -> dict[str, set[str]]:
    """Service → the endpoints that call it: "POST room-join"."""
    routes: dict[tuple[str, str], set[str]] = {}
    for pattern in get_resolver("eyeson_meetings.rest_api.urls").url_patterns:
        for verb, action in pattern.callback.actions.items():
            kinds = [kind.__name__ for kind in pattern.callback.cls.__mro__]
            for kind in kinds:
                routes.setdefault((kind, action), set()).add(f"{verb.upper()} {pattern.name}")
    found: dict[str, set[str]] = {}
    for view, method, used in methods_of_views():
        for service in used:
            found.setdefault(service, set()).update(routes.get((view, method), set()))
    return {service: names for service, names in found.items() if names}


@cache
def used_inside() -> set[str]:
    """The services that services themselves name, or the worker, which takes its modules by name."""
    found = set()
    for path in modules():
        tree = read(path)
        own = {
            name.partition(".")[2]: name for name in services() if name.startswith(f"{path.stem}.")
        }
        found |= used_in(tree, own | imports(tree))
    tasks = (PACKAGE / "tasks.py").read_text(encoding="utf-8")
    return found | {".".join(pair) for pair in re.findall(r'_service\("(\w+)"\)\.(\w+)', tasks)}


def reason(service: str) -> str | None:
    """Why the service has no endpoint of its own; None where there is no reason."""
    given = WITHOUT.get(service) or WITHOUT.get(service.partition(".")[0])
    if given is not None:
        return given
    if service in used_by("rest_api"):
        return "part of an answer"
    is_inner = service in used_inside() and service not in used_by(*SURFACES)
    return "other services use it" if is_inner else None


def test_every_service_has_its_endpoint_or_a_reason_to_have_none() -> None:
    """Give a new service an endpoint in rest_api/views/, or a line in WITHOUT that says why it needs none."""
    served = endpoints()

    without = [one for one in sorted(services()) if one not in served and reason(one) is None]
    needless = [one for one in WITHOUT if "." in one and one in served]

    assert without == []
    assert needless == []


def test_the_endpoint_of_a_service_is_found_where_it_is_called() -> None:
    served = endpoints()

    assert len(served) > 50
    assert served["rooms.join_room"] == {"POST room-join"}
    assert served["stage.set_layer"] == {"POST stage-set-layer", "POST stage-upload-layer"}
    assert served["files.delete_file"] == {"DELETE file-detail"}
    assert served["fetch_queue.fetch_again"] == {
        "POST recording-fetch",
        "POST snapshot-fetch",
        "POST file-fetch",
    }
    assert reason("stage_values.box_of") == "other services use it"
    assert reason("status.state_of") == "part of an answer"
