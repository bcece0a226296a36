"""Whether those who do the work are there: broker, worker, scheduler, channel layer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from celery import current_app
from channels.exceptions import InvalidChannelLayerError
from channels.layers import channel_layers
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from eyeson_meetings import tasks
from eyeson_meetings.conf import setting
from eyeson_meetings.models import Delivery, SyncRun
from eyeson_meetings.services.sync import JOB

from .findings import Finding, ok, problem, shown_host, warning, within
from .jobs import LONGEST_PAUSE, is_unfinished, longest_pause, unfinished

BROKER_SECONDS = 5.0
CHANNEL_LAYER_SECONDS = 5.0
IN_MEMORY = "memory"
#: The name of the app that Celery makes for a process without one.
DEFAULT_APP = "default"


def check_broker() -> Iterator[Finding]:
    """Whether messages for the workers can be left with the broker."""
    if setting("PROCESSING") != "worker":
        yield ok("broker", _("No broker is needed: webhooks are mirrored where they arrive."))
        return
    if current_app.conf.task_always_eager:
        message = _("Celery runs tasks at once, in web requests (task_always_eager).")
        yield warning("broker", message, _("Remove task_always_eager, and start a worker."))
        return
    try:
        # Made here: Celery's app is one of the thread.
        connection = tasks.impatient_connection()
        where = _shown_broker(connection)
    except Exception as error:  # noqa: BLE001 - the address may be wrong in any way
        # Not its text: that may hold the address with its password.
        message = _("The broker cannot be used (%(error)s).") % {"error": type(error).__name__}
        yield problem("broker", message, _broker_hint())
        return
    if connection.transport.driver_type == IN_MEMORY:
        message = _("The broker is the memory of this process, where no worker hears of anything.")
        yield problem("broker", message, _broker_hint())
        return
    try:
        within(BROKER_SECONDS, lambda: _connect(connection))
    except Exception as error:  # noqa: BLE001 - a broker may fail in any way
        message = _("The broker at %(where)s does not answer (%(error)s).")
        message %= {"where": where, "error": type(error).__name__}
        yield problem("broker", f"{message}{_default_app_note()}", _broker_hint())
        return
    message = _("The broker at %(where)s answers.") % {"where": where}
    if _is_default_app():
        yield warning("broker", f"{message}{_default_app_note()}", _broker_hint())
    else:
        yield ok("broker", message)


def _is_default_app() -> bool:
    """Return whether Celery made the current app itself, because the site has imported none."""
    return current_app.main == DEFAULT_APP and not getattr(current_app, "set_as_current", True)


def _default_app_note() -> str:
    if not _is_default_app():
        return ""
    return " " + _(
        "This process uses Celery's own default app, which does not read CELERY_BROKER_URL of the settings."
    )


def _broker_hint() -> str:
    if _is_default_app():
        return _(
            "Import your Celery app in the __init__.py of your project, beside the settings: "
            "from .celery import app as celery_app"
        )
    return _(
        'Start the broker, see CELERY_BROKER_URL, or do without: PROCESSING = "inline" and one line of '
        "cron, manage.py eyeson_work."
    )


def _shown_broker(connection: Any) -> str:
    """Return transport, host and port; user name, password and path may be secrets."""
    info = connection.info()
    host, port = str(info["hostname"]), info["port"]
    # Some transports keep a whole URL as the host.
    host = shown_host(host) if "/" in host else host
    return f"{info['transport']}://{host}" + (f":{port}" if port else "")


def _connect(connection: Any) -> None:
    with connection:
        connection.connect()


def check_channel_layer() -> Iterator[Finding]:
    """Whether a message sent to the channel layer comes out of it."""
    if "default" not in channel_layers.configs:
        yield ok("channel_layer", _("There is no channel layer: pages ask for changes."))
        return
    hint = _(
        "Start the server that CHANNEL_LAYERS names, or remove it: pages then ask for changes."
    )
    try:
        within(CHANNEL_LAYER_SECONDS + 1, lambda: asyncio.run(_send_and_receive()))
    except InvalidChannelLayerError:
        yield problem("channel_layer", _("The channel layer cannot be made."), "manage.py check")
    except Exception as error:  # noqa: BLE001 - a layer may fail in any way
        # Not its text: that may hold the address with its password.
        message = _("The channel layer does not answer (%(error)s).")
        yield problem("channel_layer", message % {"error": type(error).__name__}, hint)
    else:
        yield ok("channel_layer", _("The channel layer delivers messages."))


async def _send_and_receive() -> None:
    # One of our own: a layer belongs to its event loop, and this one is closed at once.
    layer: Any = channel_layers.make_backend("default")
    async with asyncio.timeout(CHANNEL_LAYER_SECONDS):
        channel = await layer.new_channel()
        await layer.send(channel, {"type": "eyeson.doctor"})
        await layer.receive(channel)


def check_rounds(aliases: list[str]) -> Iterator[Finding]:
    """Whether somebody asks eyeson for the truth now and then: beat with a worker, or cron."""
    limit = longest_pause("sync")
    hint = _(
        "Start a worker and a scheduler (celery worker, celery beat), or one line of cron: manage.py "
        "eyeson_work."
    )
    for alias in aliases:
        run = SyncRun.objects.filter(account=alias, job=JOB).first()
        if run is None or run.started_at is None:
            yield warning("sync", _("eyeson has not been asked yet."), hint, account=alias)
        elif timezone.now() - run.started_at > limit:
            message = _("eyeson was last asked %(ago)s ago.") % {"ago": timesince(run.started_at)}
            yield problem("sync", message, hint, account=alias)
        elif is_unfinished(run, limit):
            yield unfinished("sync", run)
        elif run.error:
            message = _("The last round of sync had trouble: %(error)s") % {"error": run.error}
            hint_to_look = _("See it in the admin, under sync runs; the next round tries again.")
            yield warning("sync", message, hint_to_look, account=alias)
        else:
            message = _("eyeson was last asked %(ago)s ago.") % {"ago": timesince(run.started_at)}
            yield ok("sync", message, account=alias)


def check_deliveries() -> Iterator[Finding]:
    """Whether webhooks that were received are mirrored."""
    now = timezone.now()
    late = Delivery.objects.due(now).filter(received_at__lt=now - LONGEST_PAUSE).first()
    if late is not None:
        message = _("A webhook waits for %(time)s to be mirrored.") % {
            "time": timesince(late.received_at)
        }
        hint = _("Start a worker and a scheduler, or do it now: manage.py eyeson_work.")
        yield problem("deliveries", message, hint)
    dead = Delivery.objects.filter(state=Delivery.State.DEAD).count()
    if dead:
        message = ngettext(
            "%(count)d webhook could not be understood.",
            "%(count)d webhooks could not be understood.",
            dead,
        )
        hint = _("See deliveries in the admin: each says why, and can be replayed.")
        yield warning("deliveries", message % {"count": dead}, hint)
    if late is None and not dead:
        yield ok("deliveries", _("All webhooks that were received are mirrored."))
