"""For tests by unittest and Django's test cases."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from .sandbox import EyesonSandbox, use_sandbox
from .webhooks import SignedDelivery

if TYPE_CHECKING:
    import unittest

    # A mixin of test cases uses what they have.
    _Case = unittest.TestCase
else:
    _Case = object


class EyesonSandboxMixin(_Case):
    """Put it before a test case of Django's: each of its tests has the sandbox in the place of eyeson.

    `self.eyeson_sandbox` is the sandbox, `self.signed_delivery` posts webhooks.
    """

    eyeson_sandbox: EyesonSandbox
    signed_delivery: SignedDelivery

    #: Keys of `EYESON` that are different in these tests.
    eyeson_settings: dict[str, Any] = {}

    def setUp(self) -> None:
        """Begin with a sandbox that remembers nothing."""
        self.eyeson_sandbox = self.enterContext(use_sandbox(**self.eyeson_settings))
        self.signed_delivery = SignedDelivery()
        super().setUp()

    def assertNoEyesonCalls(self) -> AbstractContextManager[None]:  # noqa: N802 - as unittest's own
        """Fails when the site asks eyeson in the block."""
        return self.eyeson_sandbox.assert_no_calls()
