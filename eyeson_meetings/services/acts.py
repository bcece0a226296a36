"""The mark of services that a person waits for: all their calls to eyeson together have 10 seconds."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from django.views.decorators.debug import sensitive_variables

from eyeson_meetings.client.press import one_press

P = ParamSpec("P")
T = TypeVar("T")


class _Unseen(tuple[Any, ...]):
    """Arguments that do not show."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "***"


class _UnseenByName(dict[str, Any]):
    """The same for those with names."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "***"


def act(function: Callable[P, T]) -> Callable[P, T]:
    """Run `function` within one press: that of its caller, else one of its own.

    An act at eyeson begins only with 5 seconds left, else the service raises TooSlowError. Uploads take as long
    as their bytes do. Stands above `sensitive_variables`, of which the innermost counts.
    """

    # Error reports show the variables of each function, and secrets are among the arguments.
    @functools.wraps(function)
    @sensitive_variables("args", "kwargs")
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        # Error reporters that know no such mark show what `repr` shows.
        args, kwargs = _Unseen(args), _UnseenByName(kwargs)  # type: ignore[assignment]
        with one_press():
            return function(*args, **kwargs)

    run.is_act = True  # type: ignore[attr-defined]  # tests list the acts by it
    return run
