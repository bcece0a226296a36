"""Whether the periodic jobs besides sync end, and end without an error."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from celery import current_app
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from eyeson_meetings import beat
from eyeson_meetings.models import SyncRun
from eyeson_meetings.services import running
from eyeson_meetings.services.sync_runs import SITE_JOBS, WHOLE_SITE

from .findings import Finding, ok, problem, warning

#: No job that runs all the time stays undone, or runs, for longer than this.
LONGEST_PAUSE = timedelta(minutes=10)
#: The task of the looks at running meetings.
LOOK_TASK = "look_at_running"


def check_jobs(aliases: list[str]) -> Iterator[Finding]:
    """Report jobs that have run before and then failed, did not finish, or do not run any more."""
    runs = [
        *SyncRun.objects.filter(account__in=aliases, job=running.JOB).order_by("account"),
        *SyncRun.objects.filter(account=WHOLE_SITE, job__in=SITE_JOBS).order_by("job"),
    ]
    found = [finding for run in runs for finding in _judge(run)]
    yield from found
    if runs and not found:
        yield ok("jobs", _("The other periodic jobs ended without an error."))


def seconds_between(task: str) -> float:
    """Return the interval of the task: as this process's Celery has it scheduled, else the package's own."""
    entry = (current_app.conf.beat_schedule or {}).get(f"eyeson-{task}", {})
    schedule = entry.get("schedule") if isinstance(entry, dict) else None
    return float(schedule) if isinstance(schedule, int | float) else beat.INTERVALS[task]


def longest_pause(task: str) -> timedelta:
    """Return for how long the task may stay undone."""
    return max(LONGEST_PAUSE, 3 * timedelta(seconds=seconds_between(task)))


def is_unfinished(run: SyncRun, limit: timedelta) -> bool:
    """Return whether the last run goes on, and none has come to its end within `limit`."""
    started_at, finished_at = run.started_at, run.finished_at
    if started_at is None or (finished_at is not None and finished_at >= started_at):
        return False
    return timezone.now() - (finished_at or started_at) > limit


def unfinished(check: str, run: SyncRun) -> Finding:
    """Return the finding about a job that does not come to its end."""
    since = run.finished_at or run.started_at
    message = _("The job %(job)s has not finished for %(time)s.") % {
        "job": run.job,
        "time": timesince(since) if since is not None else "?",
    }
    hint = _("See the log of the worker: the job may have been killed, or wait for something.")
    return problem(check, message, hint, account=run.account)


def _is_left_out(task: str) -> bool:
    """Return whether the site schedules other tasks of the package, and not this one."""
    names = [name for name in current_app.conf.beat_schedule or {} if name.startswith("eyeson-")]
    return bool(names) and f"eyeson-{task}" not in names


def _judge(run: SyncRun) -> Iterator[Finding]:
    task = LOOK_TASK if run.job == running.JOB else run.job
    if run.started_at is None or _is_left_out(task):
        return
    limit = longest_pause(task)
    if timezone.now() - run.started_at > limit:
        message = _("The job %(job)s was last begun %(ago)s ago.") % {
            "job": run.job,
            "ago": timesince(run.started_at),
        }
        hint = _("Start a worker for its queue and a scheduler, or run manage.py eyeson_work.")
        yield problem("jobs", message, hint, account=run.account)
    elif is_unfinished(run, limit):
        yield unfinished("jobs", run)
    elif run.error:
        message = _("The last run of the job %(job)s ended with an error: %(error)s") % {
            "job": run.job,
            "error": run.error,
        }
        hint = _("See sync runs in the admin, and the log of the worker. The next run tries again.")
        # Looks go on after trouble with one meeting; a job of the whole site was cut short.
        judge = warning if run.account else problem
        yield judge("jobs", message, hint, account=run.account)
