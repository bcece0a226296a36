"""What the tests of a site import: the sandbox in the place of eyeson, signed webhooks, rows.

| module | for |
|---|---|
| `plugin` | pytest: `pytest_plugins = ["eyeson_meetings.testing.plugin"]` in the top `conftest.py` |
| `cases` | unittest: `EyesonSandboxMixin` |
| `sandbox` | either: `use_sandbox()`, a context manager |
| `webhooks` | bodies as eyeson sends them, and `SignedDelivery`, which posts them |
| `factories` | rows, by factory_boy |

All but `factories` can be imported before Django has loaded its apps. Raises ImportError, with what mends it,
when the extra `testing` is not installed.
"""

from __future__ import annotations

import importlib.util

#: What the extra brings, by what is imported of it; pytest itself is for those who use it.
NEEDED = {
    "factory": "factory-boy",
    "jinja2": "jinja2",
    "starlette": "starlette",
    "time_machine": "time-machine",
    "uvicorn": "uvicorn",
    "websockets": "websockets",
}


def _missing() -> list[str]:
    return [package for name, package in NEEDED.items() if importlib.util.find_spec(name) is None]


if _missing():
    raise ImportError(
        f"eyeson_meetings.testing needs {', '.join(_missing())}: "
        "pip install 'django-eyeson-meetings[testing]'"
    )
