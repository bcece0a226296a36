"""The command line: `python -m eyeson_meetings.sandbox`."""

import argparse
import contextlib
import signal
import sys
from collections.abc import Sequence

from .server import DEFAULT_API_KEY, SandboxServer


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
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8900, help="0 picks a free one")
    parser.add_argument(
        "--api-key",
        action="append",
        help=f"an API key to accept, may be repeated (default: {DEFAULT_API_KEY})",
    )
    parser.add_argument("--public-url", help="base of the links given out, if not host and port")
    parser.add_argument(
        "--auto-connect", action="store_true", help="who joins is online without opening a page"
    )
    parser.add_argument(
        "--strict-credentials",
        action="store_true",
        help="answer 404 when an API key is sent beside an access key",
    )
    parser.add_argument(
        "--https",
        action="store_true",
        help="serve HTTPS with a certificate of its own making, whose path and fingerprint are printed",
    )
    return parser
