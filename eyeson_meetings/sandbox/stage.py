"""What is seen and heard beside the people: API reference 11 to 14."""

import functools
from typing import Any

from .records import Layer, Meeting, Person, Playback, Presentation
from .refusals import RefusedError
from .state import State


class Stage:
    """Layers, layout, playbacks and presentations of meetings. Wants the state's lock held."""

    def __init__(self, state: State) -> None:
        self._state = state

    # Layers and layout

    def set_layer(self, meeting: Meeting, layer: Layer) -> None:
        """Show it, instead of the one at the same index (11.1)."""
        meeting.layers[layer.z_index] = layer
        self._state.tell("layers_update", meeting)

    def clear_layer(self, meeting: Meeting, segment: str) -> None:
        """Take away the layer at `1` or `-1`, or the one of this name (11.2).

        An index without a layer is no error; any other segment that names none is refused with 404.
        """
        named = next((z for z, layer in meeting.layers.items() if layer.name == segment), None)
        index = {"1": 1, "-1": -1}.get(segment, named)
        if index is None:
            raise RefusedError(404, "Layer not found")
        meeting.layers.pop(index, None)
        self._state.tell("layers_update", meeting)

    def layer_file(self, key: str) -> Layer:
        """The uploaded layer with this key in its address. Refuses unknown ones with 404."""
        for meeting in self._state.meetings:
            for layer in meeting.layers.values():
                if layer.key == key and layer.content:
                    return layer
        raise RefusedError(404, "Layer not found")

    def set_layout(
        self, meeting: Meeting, options: dict[str, Any], audio_insert: dict[str, Any]
    ) -> None:
        """Change these and no others (12). No answer tells of `audio_insert` (3.4)."""
        meeting.options.update(options)
        meeting.audio_insert.update(audio_insert)
        self._state.tell("options_update", meeting)

    # Playbacks

    def start_playback(self, meeting: Meeting, playback: Playback) -> None:
        """Play it. Refuses with 409 a `play_id` that is in use (13.1)."""
        if any(running.play_id == playback.play_id for running in meeting.playbacks):
            raise RefusedError(409, "play_id is in use")
        meeting.playbacks.append(playback)
        self._state.tell("playback_update", meeting)
        if playback.loop_count >= 0:
            playback.ending = self._state.clock.after(
                self._state.knobs.playback_seconds * (playback.loop_count + 1),
                functools.partial(self._end_playback, meeting, playback),
            )

    def stop_playback(self, meeting: Meeting, play_id: str) -> None:
        """End it before its time. Refuses with 404 one that does not run (13.2)."""
        playback = next((p for p in meeting.playbacks if p.play_id == play_id), None)
        if playback is None:
            raise RefusedError(404, "Playback not found")
        if playback.ending:
            playback.ending.cancel()
        self._end_playback(meeting, playback)

    def _end_playback(self, meeting: Meeting, playback: Playback) -> None:
        if meeting.ended_at is None:
            meeting.playbacks.remove(playback)
            self._state.tell("playback_update", meeting)

    # Presentations

    def present(self, meeting: Meeting, person: Person, slide: str | None) -> Presentation:
        """Show a slide or a screen. Refuses with 409 while someone else does (14.1)."""
        shown = meeting.presentation
        if shown and shown.person is not person:
            raise RefusedError(409, "Someone else is presenting")
        return self._show(meeting, Presentation(person, slide))

    def change_slide(self, meeting: Meeting, person: Person, slide: str | None) -> Presentation:
        """Only the presenter may: others are refused with 403; 404 when nothing is shown (14.2)."""
        shown = meeting.presentation
        if shown is None:
            raise RefusedError(404, "No presentation is running")
        if shown.person is not person:
            raise RefusedError(403, "Someone else is presenting")
        return self._show(meeting, Presentation(person, slide))

    def stop_presenting(self, meeting: Meeting) -> None:
        """Anyone may. Refuses with 404 when nothing is shown (14.3)."""
        if meeting.presentation is None:
            raise RefusedError(404, "No presentation is running")
        meeting.presentation = None
        self._state.tell("presentation_update", meeting)

    def _show(self, meeting: Meeting, presentation: Presentation) -> Presentation:
        meeting.presentation = presentation
        self._state.tell("presentation_update", meeting)
        return presentation
