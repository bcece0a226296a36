"""What tests and the curious can turn: variants of the service, and trouble on request."""

from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass
class Knobs:
    """Settings of the sandbox. Times in seconds of the sandbox's clock."""

    ready_after_seconds: float = 1.0
    empty_after_seconds: float = 120.0
    finished_after_seconds: float = 1.0
    converted_after_seconds: float = 1.0
    leave_grace_seconds: float = 2.0
    playback_seconds: float = 60.0
    ping_every_seconds: float = 3.0
    stored_for_seconds: float = 14 * 86400.0
    max_meetings: int = 25
    auto_connect: bool = False

    # Where the sources disagree (API reference 20).
    strict_credentials: bool = False
    bad_api_key_status: int = 403
    bad_api_key_status_since_2024: int = 401
    unknown_access_key_status: int = 401
    delete_status: int = 200
    too_many_meetings_status: int = 423
    api_key_locked: bool = False
    webhook_post_replaces: bool = True
    webhook_types_as_text: bool = False
    recording_webhooks: list[str] = field(default_factory=lambda: ["finished"])
    #: False: as an API key without this premium feature, whatever was registered.
    participant_webhooks: bool = True
    old_webhooks: list[str] = field(default_factory=list)
    started_at_after_end: bool = True
    #: Objects `sip` with media credentials in room and user, as until 2023.
    sip: bool = False
    #: Whether JSON null takes the end of a permalink away, which no source says (API reference 21).
    permalink_end_removable: bool = True
    one_broadcast_per_platform: bool = False
    newest_first: bool = True

    # Deliveries. Dropped ones are listed all the same.
    drop_deliveries: bool = False
    hold_deliveries: bool = False
    duplicate_deliveries: int = 0
    delay_deliveries_seconds: float = 0.0
    reorder_deliveries: bool = False
    #: Share of the deliveries that come twice, from 0 to 1, chosen by `delivery_seed`.
    duplicate_share: float = 0.0
    #: Deliveries whose events fall in one second go out together at its end, in an order by the seed.
    shuffle_deliveries: bool = False
    delivery_seed: int = 0
    delivery_timeout_seconds: float = 5.0

    # Media.
    recording_bytes: int = 0
    link_lifetime_seconds: int = 3600

    def turn(self, **values: Any) -> None:
        """Set knobs by name. Raises ValueError for an unknown name or a value of another type."""
        known = {knob.name: type(getattr(self, knob.name)) for knob in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"unknown knob: {name}")
            kind = known[name]
            if kind is float and type(value) is int:
                value = float(value)
            if type(value) is not kind:
                raise ValueError(f"{name} must be {kind.__name__}")
            setattr(self, name, value)

    def as_json(self) -> dict[str, Any]:
        """All knobs and their values."""
        return asdict(self)
