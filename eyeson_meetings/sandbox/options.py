"""The options of the command line, which `manage.py eyeson_sandbox` has as well. Imports nothing of Starlette."""

from argparse import ArgumentParser

DEFAULT_API_KEY = "sandbox-api-key"
DEFAULT_PORT = 8900


def add_options(parser: ArgumentParser) -> None:
    """Add all options of the sandbox to a parser."""
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument(
        "--port",
        type=int,
        default=DEFAULT_PORT,
        help=f"0 picks a free one (default: {DEFAULT_PORT})",
    )
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
        "--seed",
        type=int,
        metavar="N",
        help="choose by this number which webhooks come twice and how those of one second are shuffled "
        "(default: another number at each start, which is printed)",
    )
    parser.add_argument(
        "--calm",
        action="store_true",
        help="send each webhook once and in order, as --auto-connect does too",
    )
    parser.add_argument(
        "--since",
        metavar="WHEN",
        help="begin the clock at most 13 days ago: 36h, 13d, or an ISO date-time such as 2025-09-04T08:30Z, "
        "which is UTC unless it has an offset (default: now)",
    )
    parser.add_argument(
        "--https",
        action="store_true",
        help="serve HTTPS with a certificate of its own making, whose path and fingerprint are printed",
    )
