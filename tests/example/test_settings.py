"""The settings of the example site, out of the environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

TOP = Path(__file__).parent.parent.parent
NAMES = [
    "DATABASES",
    "EYESON",
    "CHANNEL_LAYERS",
    "CELERY_BROKER_URL",
    "SECRET_KEY",
    "DEBUG",
    "ALLOWED_HOSTS",
    "LANGUAGE_CODE",
]


def run(*arguments: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {
        **kept,
        "EXAMPLE_DATA_DIR": str(folder),
        "PYTHONPATH": str(TOP),
        **variables,
    }
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=TOP,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def settings_with(folder: Path, **variables: str) -> dict[str, Any]:
    code = (
        "import json; from example_project import settings as s; "
        f"print(json.dumps({{n: getattr(s, n) for n in {NAMES}}}, default=str))"
    )
    outcome = run("-c", code, folder=folder, **variables)
    assert outcome.returncode == 0, outcome.stderr
    settings: dict[str, Any] = json.loads(outcome.stdout)
    return settings


def test_without_any_variable_it_is_a_sound_site_on_sqlite_and_the_sandbox(tmp_path: Path) -> None:
    settings = settings_with(tmp_path)
    checked = run("manage.py", "check", folder=tmp_path)

    assert checked.returncode == 0, checked.stderr
    assert "0 silenced" not in checked.stdout
    assert "no issues" in checked.stdout
    database = settings["DATABASES"]["default"]
    assert database["NAME"] == str(tmp_path / "site.sqlite3")
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in database["OPTIONS"]["init_command"]
    assert settings["EYESON"]["ACCOUNTS"]["default"]["SANDBOX"] is True
    assert settings["EYESON"]["PROCESSING"] == "inline"
    assert settings["CHANNEL_LAYERS"]["default"]["BACKEND"].endswith("InMemoryChannelLayer")
    assert settings["DEBUG"] is False
    assert settings["LANGUAGE_CODE"] == "en"


def test_with_redis_and_postgresql_it_has_a_worker_and_a_shared_channel_layer(
    tmp_path: Path,
) -> None:
    settings = settings_with(
        tmp_path,
        REDIS_URL="redis://127.0.0.1:6379/3",
        DATABASE_URL="postgres://somebody@db.example.org/site",
        ALLOWED_HOSTS="a.example.org, b.example.org",
    )

    assert settings["CELERY_BROKER_URL"] == "redis://127.0.0.1:6379/3"
    assert settings["EYESON"]["PROCESSING"] == "worker"
    layer = settings["CHANNEL_LAYERS"]["default"]["BACKEND"]
    assert layer == "channels_redis.pubsub.RedisPubSubChannelLayer"
    assert settings["DATABASES"]["default"]["HOST"] == "db.example.org"
    assert settings["ALLOWED_HOSTS"] == ["a.example.org", "b.example.org"]


def test_a_real_account_needs_a_secret_key_of_its_own(tmp_path: Path) -> None:
    outcome = run(
        "-c", "import example_project.settings", folder=tmp_path, EYESON_API_KEY="a-real-key"
    )
    assert outcome.returncode != 0
    assert "Set SECRET_KEY" in outcome.stderr

    account = settings_with(tmp_path, EYESON_API_KEY="a-real-key", SECRET_KEY="long and secret")[
        "EYESON"
    ]["ACCOUNTS"]["default"]

    assert account == {
        "API_KEY": "a-real-key",
        "BASE_URL": "https://api.eyeson.team",
        "SANDBOX": False,
    }


SIGN_IN = """
import django
django.setup()
from django.test import Client
for wanted in ("de-AT,de;q=0.9,en;q=0.8", "en-GB", "fr"):
    page = Client(headers={"Accept-Language": wanted, "Host": "localhost"}).get("/accounts/login/")
    text = page.content.decode()
    print(*[word for word in ("Sprechstunde", "Consulting hours") if word in text])
"""


def test_the_language_is_the_browsers_or_else_the_sites_own(tmp_path: Path) -> None:
    module = "example_project.settings"
    outcome = run("-c", SIGN_IN, folder=tmp_path, DJANGO_SETTINGS_MODULE=module, LANGUAGE_CODE="de")

    said = ["Sprechstunde", "Consulting hours", "Sprechstunde"]
    assert outcome.stdout.splitlines() == said, outcome.stderr


def test_the_migrations_are_complete(tmp_path: Path) -> None:
    outcome = run(
        "manage.py", "makemigrations", "--check", "--dry-run", "appointments", folder=tmp_path
    )

    assert outcome.returncode == 0, outcome.stdout


def test_the_site_starts_before_static_files_are_collected(tmp_path: Path) -> None:
    checked = run("manage.py", "check", folder=tmp_path, SERVE_STATIC="0")

    assert checked.returncode == 0, checked.stderr
