"""What a running meeting shows and hears beside its people: layout, layers, playbacks, messages, slides.

Nothing of it is kept: it lives as long as the meeting. While eyeson forwards single streams (the room's
option `sfu_mode`), nobody sees layouts, layers and playbacks. Values are checked before anybody is asked;
whoever acts does so by `control`, so every verb here raises MeetingEndedError, which is mirrored,
ValueRefusedError without eyeson having been asked unless it says otherwise, and other EyesonErrors.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING, Any, cast

from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from eyeson_meetings import mirror
from eyeson_meetings.client import records
from eyeson_meetings.client.layers import BACKGROUND, FRONT
from eyeson_meetings.client.reading import flag_in
from eyeson_meetings.client.secrets import Secret
from eyeson_meetings.exceptions import ConflictError, ValueRefusedError
from eyeson_meetings.models import Meeting, Participant
from eyeson_meetings.models.rooms import random_eyeson_id

from . import values
from .acts import act
from .control import Control, control_of, look_again
from .meeting_calls import tell, undo
from .stage_values import (
    AUDIO_INSERTS,
    LAYOUTS,
    LONGEST_LAYER_TEXT,
    LayerText,
    box_of,
    ids_of,
    insert_place,
    places_in,
    refuse_layout,
    taking_away,
)

if TYPE_CHECKING:
    from django.core.files import File

    from eyeson_meetings.policies import User

__all__ = [
    "AUDIO_INSERTS",
    "LAYOUTS",
    "LONGEST_LAYER_TEXT",
    "MESSAGE_TYPES",
    "MOST_LOOPS",
    "LayerText",
    "clear_layer",
    "renew_screen_capture",
    "running_playbacks",
    "send_message",
    "set_layer",
    "set_layout",
    "show_slide",
    "start_annotation",
    "start_playback",
    "start_presentation",
    "start_screen_capture",
    "stop_annotation",
    "stop_playback",
    "stop_presentation",
    "stop_screen_capture",
]

logger = logging.getLogger(__name__)

MESSAGE_TYPES = ("chat", "custom")
#: More repetitions of a playback are no number but a mistake; -1 plays without an end.
MOST_LOOPS = 1000


@act
def set_layout(
    *,
    meeting: Meeting,
    layout: str = "custom",
    name: str | None = None,
    users: Sequence[Participant | str | None] | None = None,
    positions: Sequence[values.Position] | None = None,
    show_names: bool | None = None,
    voice_activation: bool | None = None,
    audio_insert: str | None = None,
    audio_insert_position: tuple[float, float] | None = None,
    user: User | None = None,
) -> None:
    """Say who is seen where. What is None stays as it is (API reference 12).

    `users` fill the places in order: a participant of the room, the id of a playback, None for an empty
    place. `name` is one of eyeson's layouts, which takes positions set before away, or any with
    `positions`: up to 10 of x, y, width, height and perhaps `cover`, `contain` or `auto`, in pixels of a
    picture of 1280x960 (widescreen: 1280x720). An empty name, and no users, take those away.
    `voice_activation` gives free places to who speaks, in the `auto` layout.

    Raises ValueRefusedError, also when eyeson does not take the layout; FeatureDisabledError when the
    room's options forbid it; others as said above.
    """
    refuse_layout(layout, name, voice_activation, audio_insert)
    places_in(positions)
    wanted: dict[str, Any] = {
        "layout": layout,
        "users": ids_of(meeting, users),
        "name": name,
        "show_names": show_names,
        "voice_activation": voice_activation,
        "audio_insert": audio_insert,
        "audio_insert_position": insert_place(audio_insert_position),
    }
    control = control_of(meeting=meeting, user=user)
    # How high the picture is, eyeson tells.
    wanted["positions"] = places_in(positions, height=_height_of(control))
    wanted = taking_away(wanted, control.response.options)
    with values.taken_by_eyeson(_("eyeson does not take this layout.")):
        tell(control, lambda eyeson, key: eyeson.layout.set(access_key=key, **wanted))
    logger.info("The layout of meeting %s is set by user %s", meeting.uuid, user and user.pk)


@act
@sensitive_variables("url", "text", "box")
def set_layer(
    *,
    meeting: Meeting,
    url: Secret | str | None = None,
    file: File[Any] | None = None,
    text: LayerText | None = None,
    foreground: bool = True,
    user: User | None = None,
) -> None:
    """Show a picture or text over the video, or without `foreground` behind it, in place of the one there.

    One of `url`, `file` and `text`. PNG, JPEG or WebP of 1280x960 (widescreen: 1280x720), 16 MiB at most;
    eyeson fetches the address, which may be signed (API reference 11.1).

    Raises ValueRefusedError, also when eyeson cannot show the picture; others as said above.
    """
    if sum(value is not None for value in (url, file, text)) != 1:
        raise ValueRefusedError(_("Give one of these: an address, a file or a text."))
    # In place of the text, which no frame of an error is to hold.
    url = None if url is None else values.web_address(url, field="url")
    kind = None if file is None else values.picture_type(file, field="file")
    box = None if text is None else box_of(text)
    control = control_of(meeting=meeting, user=user)
    words = _(
        "eyeson cannot show this picture. One over the video must not be larger than the video."
    )
    given = "url" if url is not None else "file" if file is not None else "text"
    with values.taken_by_eyeson(words, field=given):
        tell(
            control,
            lambda eyeson, key: eyeson.layers.set(
                access_key=key,
                url=url,
                file=cast(IO[bytes] | None, file),
                content_type=kind,
                text=box,
                z_index=_index(foreground),
            ),
        )
    mirror.mark_begun(mirror.LAYERS, _place(foreground), meeting=meeting)
    logger.info("A layer of meeting %s is set by user %s", meeting.uuid, user and user.pk)


@act
def clear_layer(*, meeting: Meeting, foreground: bool = True, user: User | None = None) -> None:
    """Remove the layer over the video, or without `foreground` the one behind it.

    eyeson does not show which layers there are: NotFoundError with `may_be_done` says that it found none.
    """
    control = control_of(meeting=meeting, user=user)
    undo(
        control,
        lambda eyeson, key: eyeson.layers.clear(access_key=key, index=_index(foreground)),
        is_shown=None,
    )
    mirror.mark_over(mirror.LAYERS, _place(foreground), meeting=meeting)
    logger.info("A layer of meeting %s is cleared by user %s", meeting.uuid, user and user.pk)


@act
@sensitive_variables("url")
def start_playback(
    *,
    meeting: Meeting,
    url: Secret | str,
    name: str = "",
    play_id: str | None = None,
    replaced: Participant | None = None,
    audio: bool = True,
    loop_count: int = 0,
    user: User | None = None,
) -> str:
    """Play an MP4, WebM or MP3 into the meeting; answers its id, with which it is stopped and placed.

    eyeson fetches the address, which may be signed. With a `play_id` of the caller's that plays already,
    that goes on. It is seen in place of `replaced`, else in its own. `loop_count`: 0 plays once, N N+1
    times, -1 without an end (API reference 13.1).

    Raises ValueRefusedError, also when eyeson does not take it; others as said above.
    """
    # In place of the text, which no frame of an error is to hold.
    url = values.web_address(url, field="url")
    _refuse_playback(name, play_id, loop_count)
    wanted: dict[str, Any] = {
        "play_id": play_id or random_eyeson_id(),
        "replacement_id": replaced and values.person_in(meeting, replaced, field="replaced"),
        "name": name or None,
        "audio": audio,
        "loop_count": loop_count,
    }
    control = control_of(meeting=meeting, user=user)
    if not _plays(control.response, wanted["play_id"]):
        _start_playback(control, url, wanted)
        logger.info("User %s has started a playback in %s", user and user.pk, meeting.uuid)
    return str(wanted["play_id"])


@act
def stop_playback(*, meeting: Meeting, play_id: str, user: User | None = None) -> None:
    """End a playback. One that is over, or never was, stays so.

    Raises NotUndoneError when eyeson does not find one that it still shows; others as said above.
    """
    values.own_id(play_id, field="play_id")
    control = control_of(meeting=meeting, user=user)
    undo(
        control,
        lambda eyeson, key: eyeson.playbacks.stop(access_key=key, play_id=play_id),
        is_shown=lambda response: _plays(response, play_id),
    )
    logger.info("A playback of meeting %s is stopped by user %s", meeting.uuid, user and user.pk)


@act
def running_playbacks(*, meeting: Meeting, user: User | None = None) -> list[records.Playback]:
    """What plays in the meeting, as eyeson says now. Their addresses may be signed: show them to nobody."""
    return list(control_of(meeting=meeting, user=user).response.playbacks)


@act
def send_message(
    *,
    meeting: Meeting,
    text: str,
    type: str = "chat",  # noqa: A002 - eyeson's name for it
    user: User | None = None,
) -> None:
    """Say something to all who are in the meeting now: `chat` is shown, `custom` is for programs.

    30 KiB of UTF-8 at most. It is kept by nobody, and each call sends it once more (API reference 10).
    """
    values.one_of(type, MESSAGE_TYPES, field="type")
    values.plain_text(text, field="text", longest=values.LONGEST_MESSAGE_BYTES)
    if len(text.encode()) > values.LONGEST_MESSAGE_BYTES:
        raise ValueRefusedError(
            _("This is too long: %(longest)d bytes of UTF-8 are allowed.")
            % {"longest": values.LONGEST_MESSAGE_BYTES},
            field="text",
        )
    control = control_of(meeting=meeting, user=user)
    with values.taken_by_eyeson(_("eyeson does not take this message."), field="text"):
        tell(
            control,
            lambda eyeson, key: eyeson.messages.send(access_key=key, content=text, type=type),
        )
    logger.info("User %s has written to meeting %s", user and user.pk, meeting.uuid)


@act
@sensitive_variables("slide")
def start_presentation(*, meeting: Meeting, slide: Secret | str, user: User | None = None) -> None:
    """Show a slide, a PNG by its address, or another one in a presentation of one's own.

    eyeson's documents have not named slides since 2019 (API reference 14): where they are gone, this raises
    NotFoundError. ConflictError while somebody else presents; others as said above.
    """
    slide = values.web_address(slide, field="slide")
    control = control_of(meeting=meeting, user=user)
    with values.taken_by_eyeson(_("eyeson cannot show this slide."), field="slide"):
        tell(
            control,
            lambda eyeson, key: eyeson.presentations.start(access_key=key, slide=slide),
        )


@act
@sensitive_variables("slide")
def show_slide(*, meeting: Meeting, slide: Secret | str, user: User | None = None) -> None:
    """Go to another slide; only who started may.

    An old endpoint, as `start_presentation`. Raises NotFoundError while nobody presents, ConflictError or
    ForbiddenError while somebody else does; others as said above.
    """
    slide = values.web_address(slide, field="slide")
    control = control_of(meeting=meeting, user=user)
    with values.taken_by_eyeson(_("eyeson cannot show this slide."), field="slide"):
        tell(control, lambda eyeson, key: eyeson.presentations.show(access_key=key, slide=slide))


@act
def stop_presentation(*, meeting: Meeting, user: User | None = None) -> None:
    """End the presentation, of slides or a screen, by any person. Without one, nothing changes.

    Raises NotUndoneError when eyeson finds none and still shows one; others as said above.
    """
    control = control_of(meeting=meeting, user=user)
    undo(
        control,
        lambda eyeson, key: eyeson.presentations.stop(access_key=key),
        is_shown=_is_presenting,
    )


@act
def start_screen_capture(*, meeting: Meeting, user: User | None = None) -> None:
    """Give the big place to the screen that `user` shows; the picture comes from their own browser.

    Raises ConflictError while somebody else presents; others as said above (API reference 14.1).
    """
    control = control_of(meeting=meeting, user=user)
    tell(control, lambda eyeson, key: eyeson.screen_capture.start(access_key=key))


@act
def renew_screen_capture(*, meeting: Meeting, user: User | None = None) -> None:
    """Say again that `user` shows a screen, as it was done until 2019 (14.2).

    Raises NotFoundError while nobody presents, ConflictError or ForbiddenError while somebody else does;
    others as said above.
    """
    control = control_of(meeting=meeting, user=user)
    tell(control, lambda eyeson, key: eyeson.screen_capture.renew(access_key=key))


@act
def stop_screen_capture(*, meeting: Meeting, user: User | None = None) -> None:
    """Give the place back: one and the same as `stop_presentation` to eyeson."""
    control = control_of(meeting=meeting, user=user)
    undo(
        control,
        lambda eyeson, key: eyeson.screen_capture.stop(access_key=key),
        is_shown=_is_presenting,
    )


@act
def start_annotation(*, meeting: Meeting, user: User | None = None) -> None:
    """Begin to draw on a presentation. Never documented, perhaps gone: then NotFoundError (14.5)."""
    control = control_of(meeting=meeting, user=user)
    tell(control, lambda eyeson, key: eyeson.annotations.start(access_key=key))


@act
def stop_annotation(*, meeting: Meeting, user: User | None = None) -> None:
    """End the drawing (14.5).

    eyeson tells nobody who draws: NotFoundError, of an act that may be done, says that it found nothing to end.
    """
    control = control_of(meeting=meeting, user=user)
    undo(control, lambda eyeson, key: eyeson.annotations.stop(access_key=key), is_shown=None)


def _height_of(control: Control) -> int:
    is_wide = flag_in(control.response.options.get("widescreen"))
    return values.WIDESCREEN_HEIGHT if is_wide else values.HEIGHT


def _index(foreground: bool) -> int:
    return FRONT if foreground else BACKGROUND


def _place(foreground: bool) -> str:
    return "front" if foreground else "behind"


def _refuse_playback(name: str, play_id: str | None, loop_count: int) -> None:
    values.plain_text(name, field="name", blank=True)
    if play_id is not None:
        values.own_id(play_id, field="play_id")
    values.whole_number(loop_count, least=-1, most=MOST_LOOPS, field="loop_count")


def _start_playback(control: Control, address: Secret, wanted: dict[str, Any]) -> None:
    with values.taken_by_eyeson(_("eyeson does not play this."), field="url"):
        try:
            tell(
                control,
                lambda eyeson, key: eyeson.playbacks.start(access_key=key, url=address, **wanted),
            )
        except ConflictError:
            # Somebody else may have started it in this moment.
            if not _plays(look_again(control), wanted["play_id"]):
                raise


def _is_presenting(response: records.RoomResponse) -> bool:
    return response.presentation is not None


def _plays(response: records.RoomResponse, play_id: str) -> bool:
    return any(playback.play_id == play_id for playback in response.playbacks)
