"""The site's Content-Security-Policy: own files only, and the meeting page as the one place elsewhere."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from eyeson_meetings.services.meeting_pages import meeting_page_origins

HEADER = "Content-Security-Policy"


class ContentSecurityPolicyMiddleware:
    """Sets the header on every answer that has none of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """As Django makes its middleware."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and say what the page may load and where its forms may lead."""
        response = self.get_response(request)
        response.headers.setdefault(HEADER, content_security_policy())
        return response


def content_security_policy() -> str:
    """No inline script or style, nothing from elsewhere; Join leads to the meeting page, also in a frame."""
    meeting_pages = " ".join(meeting_page_origins())
    return "; ".join(
        [
            "default-src 'self'",
            "img-src 'self' data:",
            f"form-action 'self' {meeting_pages}",
            f"frame-src 'self' {meeting_pages}",
            "frame-ancestors 'self'",
            "base-uri 'none'",
            "object-src 'none'",
        ]
    )
