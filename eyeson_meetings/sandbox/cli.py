"""The command line: `python -m eyeson_meetings.sandbox`."""

import argparse
import contextlib
import secrets
import signal
import sys
from collections.abc import Sequence
from datetime import datetime

from .clock import iso
from .options import DEFAULT_API_KEY, add_options
from .server import SandboxServer
from .since import read_since


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until stopped. Returns the exit status: 0, or 2 when the port cannot be had.

    Raises SystemExit, with 2, for options that cannot be.
    """
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if chosen.seed is not None and (chosen.calm or chosen.auto_connect):
        parser.error("--seed has no effect with --calm or --auto-connect")
    since = _since(parser, chosen.since)
    try:
        server = SandboxServer(
            chosen.api_key or [DEFAULT_API_KEY],
            host=chosen.host,
            port=chosen.port,
            public_url=chosen.public_url,
            auto_connect=chosen.auto_connect,
            strict_credentials=chosen.strict_credentials,
            https=chosen.https,
            seed=_seed(chosen),
            since=since,
        )
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        sys.stderr.write(f"cannot listen on {chosen.host}:{chosen.port}: {reason}\n")
        return 2
    _introduce(server, begins_in_past=since is not None)
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises it again after a clean stop
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        server.run()
    return 0


def _seed(chosen: argparse.Namespace) -> int | None:
    """Return the seed of repeated and shuffled webhooks, None for neither."""
    if chosen.calm or chosen.auto_connect:
        return None
    return secrets.randbelow(1_000_000) if chosen.seed is None else int(chosen.seed)


def _since(parser: argparse.ArgumentParser, text: str | None) -> datetime | None:
    """Return where the clock begins, None for now. Ends the process with 2 for a moment it cannot be."""
    try:
        return None if text is None else read_since(text)
    except ValueError as error:
        parser.error(f"argument --since: {error}")


def _introduce(server: SandboxServer, *, begins_in_past: bool) -> None:
    """Print the address and all that the caller needs to know of this run."""
    lines = [f"eyeson sandbox at {server.url}, console at {server.url}/_sandbox/console"]
    if server.certificate is not None:
        lines.append(f"certificate to trust: {server.certificate.path}")
        lines.append(f"its SHA-256: {server.certificate.fingerprint}")
    if begins_in_past:
        lines.append(f"its clock: {iso(server.state.clock.now())}")
    if server.knobs.shuffle_deliveries:
        lines.append(
            "webhooks: one in ten comes twice, those of one second are shuffled; "
            f"seed {server.knobs.delivery_seed}"
        )
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m eyeson_meetings.sandbox",
        description="A stand-in for the eyeson service, for trying, developing and testing.",
    )
    add_options(parser)
    return parser
