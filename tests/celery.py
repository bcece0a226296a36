"""The Celery app of the tests.

Without an app of its own, `shared_task` calls a broker on localhost. Messages go to memory, where nobody
fetches them: what a task does is tested by calling it. Flow tests start a real worker and name its broker
in EYESON_TEST_BROKER_URL.
"""

from __future__ import annotations

import os

from celery import Celery

app = Celery("tests", broker=os.environ.get("EYESON_TEST_BROKER_URL", "memory://"))
app.conf.task_ignore_result = True
app.set_default()
app.autodiscover_tasks()
