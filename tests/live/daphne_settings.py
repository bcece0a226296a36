"""The site under test, served by daphne in a process of its own, with a channel layer on a real Redis."""

from __future__ import annotations

import os

from tests.settings import *  # noqa: F403

ALLOWED_HOSTS = ["127.0.0.1"]
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [os.environ["EYESON_TEST_REDIS_URL"]]},
    }
}
