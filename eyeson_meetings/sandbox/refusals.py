"""How the sandbox says no."""


class RefusedError(Exception):
    """An answer other than success: `status`, and the text for `{"error": ...}`."""

    def __init__(self, status: int, text: str | None) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
