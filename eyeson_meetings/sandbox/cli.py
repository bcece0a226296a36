"""The command line: `python -m eyeson_meetings.sandbox`."""

import argparse
import contextlib
import signal
import sys
from collections.abc import Sequence

from .options import DEFAULT_API_KEY, add_options
from .server import SandboxServer


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until stopped. Returns the exit status: 0, or 2 when the port cannot be had."""
    chosen = _parser().parse_args(arguments)
    try:
        server = SandboxServer(
            chosen.api_key or [DEFAULT_API_KEY],
            host=chosen.host,
            port=chosen.port,
            public_url=chosen.public_url,
            auto_connect=chosen.auto_connect,
            strict_credentials=chosen.strict_credentials,
            https=chosen.https,
        )
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        sys.stderr.write(f"cannot listen on {chosen.host}:{chosen.port}: {reason}\n")
        return 2
    sys.stdout.write(f"eyeson sandbox at {server.url}, console at {server.url}/_sandbox/console\n")
    if server.certificate is not None:
        sys.stdout.write(f"certificate to trust: {server.certificate.path}\n")
        sys.stdout.write(f"its SHA-256: {server.certificate.fingerprint}\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises it again after a clean stop
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        server.run()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m eyeson_meetings.sandbox",
        description="A stand-in for the eyeson service, for trying, developing and testing.",
    )
    add_options(parser)
    return parser
