"""Whether the channel layer, if the site has one, carries live status from every process to every page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, register
from django.utils.module_loading import import_string

from eyeson_meetings import conf

from .messages import warning

IN_MEMORY = "channels.layers.InMemoryChannelLayer"
PUBSUB = "channels_redis.pubsub.RedisPubSubChannelLayer"
CORE = "channels_redis.core.RedisChannelLayer"
#: From here on redis-py gives up on connections that are silent for 5 s.
IMPATIENT_REDIS = 8


@register
def check_channel_layer(**kwargs: Any) -> list[CheckMessage]:
    """What can be wrong with `CHANNEL_LAYERS`; nothing is on a site that has none, whose pages poll."""
    layers = getattr(settings, "CHANNEL_LAYERS", None)
    layer = layers.get("default") if isinstance(layers, Mapping) else None
    return list(_check_layer(layer)) if isinstance(layer, Mapping) else []


def _check_layer(layer: Mapping[str, Any]) -> Iterator[CheckMessage]:
    backend: Any = layer.get("BACKEND")
    where = 'CHANNEL_LAYERS["default"]'
    try:
        import_string(backend)
    except (ImportError, AttributeError) as cause:
        yield warning(
            13,
            f"{where} cannot be imported: {cause}. Pages learn of changes late.",
            f'Use "{PUBSUB}", and install the package: django-eyeson-meetings[redis].',
        )
        return
    if backend == IN_MEMORY and _processing() == "worker":
        yield warning(
            14,
            f"{where} is in memory: what the worker does reaches no page by it.",
            f'Use "{PUBSUB}", which all processes share.',
        )
    if backend == CORE and _drops_silent_connections(layer.get("CONFIG") or {}):
        yield warning(
            15,
            f"{where} is {CORE}, whose connections redis-py {IMPATIENT_REDIS} gives up after 5 s of silence.",
            f'Use "{PUBSUB}", or write each host as {{"address": ..., "socket_timeout": None}}.',
        )


def _processing() -> Any:
    written = getattr(settings, "EYESON", {})
    return conf.setting("PROCESSING") if isinstance(written, Mapping) else None


def _drops_silent_connections(config: Mapping[str, Any]) -> bool:
    redis = import_module("redis")
    if int(str(redis.__version__).split(".")[0]) < IMPATIENT_REDIS:
        return False
    hosts = config.get("hosts") or [None]
    return not all(
        isinstance(host, Mapping) and host.get("socket_timeout", 0) is None for host in hosts
    )
