"""Each system check fires when something is wrong, and is silent when nothing is."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.conf import settings as django_settings
from django.conf.urls.i18n import i18n_patterns
from django.core.checks import INFO, CheckMessage
from django.core.checks.registry import registry
from django.db import connections
from django.urls import re_path, set_script_prefix
from django.utils.translation import override
from django.views.generic import RedirectView

from eyeson_meetings.checks import (
    check_channel_layer,
    check_database,
    check_neighbours,
    check_room_options,
    check_settings,
    check_urls,
    check_user_database,
    check_what_everybody_may,
)
from tests.urls import urlpatterns

CHECKS = (
    check_settings,
    check_neighbours,
    check_room_options,
    check_urls,
    check_database,
    check_user_database,
    check_channel_layer,
)
TOP = Path(__file__).parent.parent

KEY = "k3y-0f-a-team-that-is-long-enough"
OTHER_KEY = "an0ther-k3y-that-is-long-enough"
#: Nothing is wrong with these.
GOOD: dict[str, Any] = {"API_KEY": KEY, "PUBLIC_URL": "https://www.example.org"}


def found() -> list[CheckMessage]:
    return [message for check in CHECKS for message in check()]


def ids() -> list[str]:
    return [str(message.id).removeprefix("eyeson_meetings.") for message in found()]


def account(**values: Any) -> dict[str, Any]:
    """`EYESON` with one account."""
    return {
        "PUBLIC_URL": GOOD["PUBLIC_URL"],
        "ACCOUNTS": {"default": {"API_KEY": KEY, **values}},
    }


def accounts(**entries: Any) -> dict[str, Any]:
    return {"PUBLIC_URL": GOOD["PUBLIC_URL"], "ACCOUNTS": entries}


def use_storage(settings: Any, location: Path, **eyeson: Any) -> None:
    backend = "django.core.files.storage.FileSystemStorage"
    options = {"location": str(location)}
    settings.STORAGES = {**settings.STORAGES, "eyeson": {"BACKEND": backend, "OPTIONS": options}}
    settings.EYESON = {**GOOD, **eyeson}


@pytest.fixture(autouse=True)
def all_is_well(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is wrong with the site, whatever database the tests run on."""
    settings.EYESON = GOOD
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "3")


def test_all_checks_are_silent_when_nothing_is_wrong() -> None:
    assert found() == []


#: What `EYESON` says, and what is found then, and nothing else.
WRONG: list[tuple[str, Any]] = [
    ("E001", ["API_KEY", KEY]),
    ("E001", None),
    ("E002", {**GOOD, "PUBLIC_ULR": "https://www.example.org"}),
    ("E003", {"PUBLIC_URL": GOOD["PUBLIC_URL"]}),
    ("E004", {**GOOD, "API_KEY": ""}),
    ("E004", {**GOOD, "API_KEY": None}),
    ("E004", {**GOOD, "API_KEY": "  "}),
    ("E004", {**GOOD, "API_KEY": ["a", "list"]}),
    ("E004", account(API_KEY=None)),
    ("E004", account(API_KEY=["a", "list"], RETIRED_API_KEYS=[OTHER_KEY])),
    ("E005", {**GOOD, "API_KEY": "change-me-please-change-me"}),
    ("E005", {**GOOD, "API_KEY": "<the API key of your team>"}),
    ("E005", {**GOOD, "API_KEY": "kéy-0f-a-team-that-is-long-enough"}),
    ("E005", account(API_KEY="two words-that-are-long-enough")),
    ("E006", {**GOOD, "ACCOUNTS": {"default": {"API_KEY": OTHER_KEY}}}),
    ("E007", account(BASEURL="https://api.eyeson.team")),
    ("E008", {**GOOD, "ACCOUNTS": ["default"]}),
    ("E008", accounts(default=KEY)),
    ("E008", account(SANDBOX="yes")),
    ("E008", account(CA_FILE="/nowhere/ca.pem")),
    ("E008", account(CA_FILE=7)),
    ("E008", account(RETIRED_API_KEYS="old-key")),
    ("E008", account(RETIRED_API_KEYS=[OTHER_KEY, OTHER_KEY])),
    ("E008", account(RETIRED_API_KEYS=[KEY])),
    ("E008", accounts(**{"a" * 65: {"API_KEY": KEY}})),
    ("E009", account(BASE_URL="http://api.eyeson.team")),
    ("E009", account(BASE_URL="https://api.eyeson.team/v1")),
    ("E009", account(BASE_URL="https://user@api.eyeson.team")),
    ("E009", account(BASE_URL="https://api.eyeson.team:port")),
    ("E009", account(BASE_URL=7)),
    ("E010", accounts(one={"API_KEY": KEY}, two={"API_KEY": KEY})),
    ("E010", accounts(one={"API_KEY": KEY}, two={"API_KEY": OTHER_KEY, "RETIRED_API_KEYS": [KEY]})),
    ("E011", {**GOOD, "POLICY": "nowhere.Policy"}),
    ("E011", {**GOOD, "POLICY": "pathlib.Path"}),
    ("E011", {**GOOD, "POLICY": 7}),
    ("E012", {**GOOD, "PROCESSING": "somehow"}),
    ("E013", {**GOOD, "STORAGE": "nowhere"}),
    ("E013", {**GOOD, "STORAGE": None}),
    ("E014", {**GOOD, "ENCRYPTION_KEYS": ["no key"]}),
    ("E014", {**GOOD, "ENCRYPTION_KEYS": []}),
    ("E014", {**GOOD, "ENCRYPTION_KEYS": "text"}),
    ("E015", {**GOOD, "FETCH": "recordings"}),
    ("E015", {**GOOD, "FETCH": ["recording"]}),
    ("E016", {**GOOD, "LINK_HOSTS": ["*"]}),
    ("E016", {**GOOD, "LINK_HOSTS": []}),
    ("E016", {**GOOD, "MEETING_HOSTS": "app.eyeson.team"}),
    ("E017", {**GOOD, "RETENTION_DAYS": 30}),
    ("E017", {**GOOD, "RETENTION_DAYS": {"recording": 30}}),
    ("E017", {**GOOD, "RETENTION_DAYS": {"recordings": 0}}),
    ("E018", {**GOOD, "TIMEOUT_SECONDS": 0}),
    ("E018", {**GOOD, "TIMEOUT_SECONDS": (5, 30, 60)}),
    ("E019", {**GOOD, "LEASE_SECONDS": 5}),
    ("E020", {**GOOD, "MAX_FILE_BYTES": 0}),
    ("E020", {**GOOD, "MAX_FILE_BYTES": True}),
    ("E021", {**GOOD, "QUEUES": {"video": "slow"}}),
    ("E021", {**GOOD, "QUEUES": {"media": 7}}),
    ("E022", {**GOOD, "SPOOL_DIR": 7}),
    ("E023", {**GOOD, "SERVICE_NAME": ""}),
    ("E023", {**GOOD, "SERVICE_NAME": "n" * 256}),
    ("E026", {**GOOD, "ROOM_OPTIONS": ["kick_available"]}),
    ("E026", {**GOOD, "ROOM_OPTIONS": {"kick_available": "no"}}),
    ("E026", {**GOOD, "ROOM_OPTIONS": {"kick_availabel": False}}),
    ("E027", {**GOOD, "ENTRY_LIMITS": 120}),
    ("E027", {**GOOD, "ENTRY_LIMITS": {"room": 0}}),
    ("E027", {**GOOD, "ENTRY_LIMITS": {"rooms": 120}}),
    ("W001", {"API_KEY": KEY}),
    ("W002", {**GOOD, "PUBLIC_URL": "http://www.example.org"}),
    ("W002", {**GOOD, "PUBLIC_URL": "https://www.example.org/meetings"}),
    ("W002", {**GOOD, "PUBLIC_URL": "www.example.org"}),
    ("W003", {**GOOD, "API_KEY": "k3y-0f-a-team"}),
    ("W007", account(SANDBOX=True, BASE_URL="http://127.0.0.1:8900")),
]


@pytest.mark.parametrize(
    ("expected", "eyeson"), WRONG, ids=[f"{row[0]}-{number}" for number, row in enumerate(WRONG)]
)
def test_what_is_wrong_in_eyeson_is_found_with_a_hint(
    settings: Any, expected: str, eyeson: Any
) -> None:
    settings.EYESON = eyeson

    messages = found()

    assert {str(message.id) for message in messages} == {f"eyeson_meetings.{expected}"}
    assert all(message.hint for message in messages)


#: What looks odd and is right.
RIGHT: list[tuple[str, Any]] = [
    ("E001-E003", account()),
    ("E002", {**GOOD, "FETCH": []}),
    ("E004-E005", account(API_KEY="abcdefghijklmnopqrstuvwx")),
    ("E008", account(RETIRED_API_KEYS=[OTHER_KEY], SANDBOX=False)),
    ("E008", account(CA_FILE=__file__)),
    ("E009", account(BASE_URL="https://api.example.net:8443/")),
    ("E010", accounts(one={"API_KEY": KEY}, two={"API_KEY": OTHER_KEY})),
    ("E011", {**GOOD, "POLICY": "eyeson_meetings.policies.DefaultPolicy"}),
    ("E012", {**GOOD, "PROCESSING": "inline"}),
    ("E014", {**GOOD, "ENCRYPTION_KEYS": [Fernet.generate_key().decode()]}),
    ("E014", {**GOOD, "ENCRYPTION_KEYS": None}),
    ("E015", {**GOOD, "FETCH": {"snapshots"}}),
    (
        "E016",
        {**GOOD, "LINK_HOSTS": ["files.example.net:8443"], "MEETING_HOSTS": ["m.example.net"]},
    ),
    ("E017", {**GOOD, "RETENTION_DAYS": {"recordings": 0.5, "snapshots": None}}),
    ("E018", {**GOOD, "TIMEOUT_SECONDS": 3}),
    ("E019", {**GOOD, "LEASE_SECONDS": 15}),
    ("E020", {**GOOD, "MAX_FILE_BYTES": 1}),
    ("E021", {**GOOD, "QUEUES": {"media": "slow", "sync": None}}),
    ("E022", {**GOOD, "SPOOL_DIR": None}),
    ("E023", {**GOOD, "SERVICE_NAME": "Front desk"}),
    ("W001-W002", {**GOOD, "PUBLIC_URL": "https://www.example.org:8443/"}),
    ("W003", {**GOOD, "API_KEY": "k" * 20}),
]


@pytest.mark.parametrize(
    ("quiet", "eyeson"), RIGHT, ids=[f"{row[0]}-{number}" for number, row in enumerate(RIGHT)]
)
def test_what_is_right_in_eyeson_is_not_found(settings: Any, quiet: str, eyeson: Any) -> None:
    settings.EYESON = eyeson

    assert ids() == []


def test_a_site_in_development_may_use_http_and_the_sandbox(settings: Any) -> None:
    settings.DEBUG = True
    sandbox = account(SANDBOX=True, API_KEY="x", BASE_URL="http://127.0.0.1:8900")
    settings.EYESON = {**sandbox, "PUBLIC_URL": "http://127.0.0.1:8000"}

    assert ids() == []


def test_a_path_in_the_public_url_is_told_where_it_belongs(settings: Any) -> None:
    settings.EYESON = {**GOOD, "PUBLIC_URL": "https://www.example.org/site/"}

    (message,) = check_settings()

    assert '"https://www.example.org".' in str(message.hint)
    assert 'FORCE_SCRIPT_NAME = "/site".' in str(message.hint)


def test_what_everybody_in_a_meeting_may_is_said_before_a_site_goes_live(settings: Any) -> None:
    def said() -> list[str]:
        return [message.msg for message in check_what_everybody_may()]

    settings.EYESON = GOOD
    by_default = said()
    settings.EYESON = {
        **GOOD,
        "ROOM_OPTIONS": {"recording_available": False, "lock_available": True},
    }
    by_this_site = said()

    assert by_default == [
        "Everybody inside a meeting, guests too, may record, broadcast, set the layout, remove people, take "
        "snapshots, end the meeting for all: the options of a room know no roles."
    ]
    assert "may broadcast, set the layout, remove people, lock the meeting, take" in by_this_site[0]
    (message,) = check_what_everybody_may()
    assert (str(message.id).partition(".")[2], message.level) == ("I001", INFO)
    assert check_what_everybody_may in registry.get_checks(include_deployment_checks=True)
    assert check_what_everybody_may not in registry.get_checks()


def test_an_unknown_key_gets_the_one_that_is_meant(settings: Any) -> None:
    settings.EYESON = {**GOOD, "PUBLIC_ULR": "https://www.example.org", "qwertz": 1}

    hints = [message.hint for message in check_settings()]

    assert hints[0] == 'Did you mean "PUBLIC_URL"?'
    assert hints[1].startswith("Known keys: ACCOUNTS, API_KEY")


@pytest.mark.parametrize(
    "eyeson",
    [
        {**GOOD, "API_KEY": "secret word-canary"},
        account(API_KEY="kanary", RETIRED_API_KEYS=["kanary"]),
        account(API_KEY=["kanary"]),
        accounts(one={"API_KEY": "kanary"}, two={"API_KEY": "kanary"}),
        {**GOOD, "ENCRYPTION_KEYS": ["kanary"]},
    ],
    ids=["spaces", "twice", "list", "shared", "fernet"],
)
def test_no_finding_shows_a_key(settings: Any, eyeson: Any) -> None:
    settings.EYESON = eyeson

    messages = found()

    assert messages
    assert "anary" not in repr(messages)


# Neighbours


#: Prints the hint for settings without STORAGES, as a new project has them.
NEW_PROJECT = """
import django
from django.conf import settings

apps = ["django.contrib.auth", "django.contrib.contenttypes", "eyeson_meetings"]
settings.configure(INSTALLED_APPS=apps, EYESON={"API_KEY": "a-key"})
django.setup()

from eyeson_meetings.checks import check_neighbours

print(check_neighbours()[0].hint)
"""


def test_the_lines_for_a_missing_storage_can_be_pasted(settings: Any, tmp_path: Path) -> None:
    printed = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", NEW_PROJECT],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    new_site: dict[str, Any] = {"BASE_DIR": tmp_path}
    exec(printed.partition("\n")[2], new_site)  # noqa: S102 - lines of our own
    settings.EYESON = {**GOOD, "STORAGE": "recordings"}
    own_site: dict[str, Any] = {"BASE_DIR": tmp_path, "STORAGES": dict(settings.STORAGES)}
    exec(str(found()[0].hint).partition("\n")[2], own_site)  # noqa: S102 - lines of our own
    settings.STORAGES = own_site["STORAGES"]

    assert set(new_site["STORAGES"]) == {"default", "staticfiles", "eyeson"}
    assert set(own_site["STORAGES"]) == {"default", "staticfiles", "eyeson", "recordings"}
    assert ids() == []


def test_a_storage_that_cannot_be_made_is_found(settings: Any) -> None:
    settings.STORAGES = {**settings.STORAGES, "eyeson": {"BACKEND": "nowhere.Storage"}}

    assert ids() == ["E013"]


@pytest.mark.parametrize("root", ["MEDIA_ROOT", "STATIC_ROOT"])
def test_files_that_the_web_server_gives_to_anybody_are_found(
    settings: Any, tmp_path: Path, root: str
) -> None:
    setattr(settings, root, str(tmp_path / "served"))
    use_storage(settings, tmp_path / "served" / "eyeson")
    served = ids()
    use_storage(settings, tmp_path / "served-not")
    apart = ids()

    assert (served, apart) == (["W004"], [])


def test_a_storage_without_files_of_its_own_has_no_folder_to_check(settings: Any) -> None:
    backend = "django.core.files.storage.InMemoryStorage"
    settings.STORAGES = {**settings.STORAGES, "eyeson": {"BACKEND": backend}}

    assert ids() == []


def test_a_spool_folder_that_is_served_is_found(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "served")
    use_storage(settings, tmp_path / "files", SPOOL_DIR=tmp_path / "served" / "spool")
    served = ids()
    use_storage(settings, tmp_path / "files", SPOOL_DIR=tmp_path / "spool")
    apart = ids()

    assert (served, apart) == (["W010"], [])


def test_a_spool_folder_into_which_everybody_may_write_is_found(
    settings: Any, tmp_path: Path
) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    use_storage(settings, tmp_path / "files", SPOOL_DIR=str(spool))
    spool.chmod(0o777)
    shared = ids()
    spool.chmod(0o700)
    own = ids()

    assert (shared, own) == (["W011"], [])


def test_a_spool_folder_on_another_file_system_is_found(settings: Any, tmp_path: Path) -> None:
    elsewhere = Path("/dev/shm/eyeson-meetings-of-the-tests")  # noqa: S108 - named, not used
    assert elsewhere.parent.stat().st_dev != tmp_path.stat().st_dev
    use_storage(settings, tmp_path / "files", SPOOL_DIR=elsewhere)
    apart = ids()
    use_storage(settings, tmp_path / "files", SPOOL_DIR=tmp_path / "files" / "spool")
    together = ids()

    assert (apart, together) == (["W012"], [])


def test_a_site_without_our_urls_is_told(settings: Any) -> None:
    settings.ROOT_URLCONF = "django.contrib.auth.urls"

    assert ids() == ["W008"]


@pytest.mark.parametrize("pattern", [r"^((?:[\w\-]+/)*)$", r"^.*$", r"^(?!meetings/webhook/).*$"])
def test_a_pattern_that_takes_all_our_addresses_is_found(settings: Any, pattern: str) -> None:
    catch_all = re_path(pattern, RedirectView.as_view(url="/"))
    settings.ROOT_URLCONF = (catch_all, *urlpatterns)
    messages, above = found(), ids()
    settings.ROOT_URLCONF = (*urlpatterns, catch_all)
    below = ids()

    assert above == ["W016"]
    assert messages[0].msg.startswith("/meetings/")
    assert "to the top of urlpatterns" in str(messages[0].hint)
    assert below == []


def test_urls_below_a_prefix_of_language_or_server_are_found_to_be_ours(settings: Any) -> None:
    settings.ROOT_URLCONF = tuple(i18n_patterns(*urlpatterns))
    with override("de"):
        by_language = ids()
    settings.ROOT_URLCONF = tuple(urlpatterns)
    set_script_prefix("/site/")
    try:
        by_server = ids()
    finally:
        set_script_prefix("/")

    assert (by_language, by_server) == ([], [])


def test_a_site_with_local_times_is_found(settings: Any) -> None:
    settings.USE_TZ = False

    assert ids() == ["E024"]


# Several databases


def test_users_in_a_database_of_their_own_are_found(settings: Any) -> None:
    settings.DATABASE_ROUTERS = ["tests.databases.routers.AuthRouter"]

    messages = found()

    assert ids() == ["E025"]
    assert 'is in the database "default", and auth.User in "auth_db"' in messages[0].msg


def test_a_replica_is_nothing_wrong(settings: Any) -> None:
    settings.DATABASE_ROUTERS = ["tests.databases.routers.PrimaryReplicaRouter"]

    assert ids() == []


# The channel layer

IN_MEMORY = {"BACKEND": "channels.layers.InMemoryChannelLayer"}
CORE = "channels_redis.core.RedisChannelLayer"
PATIENT = {"address": "redis://cache", "socket_timeout": None}


@pytest.mark.parametrize(
    ("expected", "layer"),
    [
        ("W013", {"BACKEND": "nowhere.Layer"}),
        ("W013", {}),
        ("W014", IN_MEMORY),
        ("W015", {"BACKEND": CORE}),
        ("W015", {"BACKEND": CORE, "CONFIG": {"hosts": ["redis://cache"]}}),
        ("W015", {"BACKEND": CORE, "CONFIG": {"hosts": [PATIENT, {"address": "redis://b"}]}}),
    ],
)
def test_a_channel_layer_that_loses_changes_is_found(
    settings: Any, expected: str, layer: dict[str, Any]
) -> None:
    settings.CHANNEL_LAYERS = {"default": layer}

    messages = found()

    assert {str(message.id) for message in messages} == {f"eyeson_meetings.{expected}"}
    assert all(message.hint for message in messages)


@pytest.mark.parametrize(
    "layers",
    [
        None,
        {},
        {"other": IN_MEMORY},
        {"default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer"}},
        {"default": {"BACKEND": CORE, "CONFIG": {"hosts": [PATIENT]}}},
    ],
)
def test_a_channel_layer_that_loses_none_is_not_found(settings: Any, layers: Any) -> None:
    settings.CHANNEL_LAYERS = layers

    assert ids() == []


def test_a_site_that_does_all_in_the_request_may_have_its_layer_in_memory(settings: Any) -> None:
    settings.EYESON = {**GOOD, "PROCESSING": "inline"}
    settings.CHANNEL_LAYERS = {"default": IN_MEMORY}

    assert ids() == []


def test_an_older_redis_client_is_patient(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("redis.__version__", "7.4.0")
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": CORE}}

    assert ids() == []


# The database


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """The database as if it were another one; nothing is asked of it."""

    def pretend(vendor: str, **options: Any) -> None:
        monkeypatch.setattr(connections["default"], "vendor", vendor)
        monkeypatch.setitem(connections["default"].settings_dict, "OPTIONS", options)

    return pretend


def test_sqlite_that_opens_its_transactions_late_is_found(database: Callable[..., None]) -> None:
    database("sqlite")
    late = ids()
    database("sqlite", transaction_mode="IMMEDIATE")
    at_once = ids()

    assert (late, at_once) == (["W005"], [])


def test_a_database_that_nobody_has_tested_is_found(database: Callable[..., None]) -> None:
    database("oracle")
    other = ids()
    database("postgresql")
    tested = ids()

    assert (other, tested) == (["W006"], [])


def test_a_postgresql_that_may_hold_everybody_up_is_found(
    database: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGCONNECT_TIMEOUT")
    database("postgresql")
    without = ids()
    database("postgresql", connect_timeout=3)
    with_it = ids()

    assert (without, with_it) == (["W009"], [])


def test_every_id_has_a_test_here() -> None:
    folder = TOP / "eyeson_meetings" / "checks"
    source = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py")))
    kinds = {"error": "E", "warning": "W", "information": "I"}
    raised = {
        f"{kinds[kind]}{int(number):03}"
        for kind, number in re.findall(r"\b(error|warning|information)\(\s*(\d+)", source)
    }
    here = Path(__file__).read_text(encoding="utf-8")

    assert len(raised) >= 20
    assert [number for number in sorted(raised) if f'"{number}"' not in here] == []
    assert django_settings.EYESON == GOOD
