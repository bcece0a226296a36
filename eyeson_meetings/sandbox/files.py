"""Documents people upload into a meeting: API reference 15. They die with it."""

import functools
import re

from .media import MediaFile, PictureFile, UploadedFile
from .records import File, Meeting, Person, new_id
from .refusals import RefusedError
from .slides import draw_page
from .state import State
from .uploads import Upload

#: A conversion shows its progress this often on its way.
STEPS = 4

_PDF = "application/pdf"
_SLIDE_DOT, _THUMBNAIL_DOT = 32, 8
_STEM = re.compile(r"(?P<file>[^-]+)(-(?P<page>\d+)(?P<small>-small)?)?", re.ASCII)


class Files:
    """Takes files in, pretends to convert them on the sandbox's clock, and forgets them."""

    def __init__(self, state: State) -> None:
        self._state = state
        state.before_end.append(self._forget_all)

    def add(
        self,
        meeting: Meeting,
        person: Person,
        *,
        name: str,
        content_type: str,
        upload: Upload,
        pages: int | None,
    ) -> File:
        """Take it in and begin its conversion. `pages`: those of a PDF, None when it is none."""
        file = File(new_id(), meeting, person, self._state.clock.now(), name, content_type, upload)
        file.pages = pages or 0
        file.broken = content_type == _PDF and pages is None
        meeting.files[file.id] = file
        self._tell(file)
        step_seconds = self._state.knobs.converted_after_seconds / STEPS
        for step in range(1, STEPS + 1):
            self._state.clock.after(
                step * step_seconds, functools.partial(self._convert, file, step)
            )
        return file

    def find(self, meeting: Meeting, file_id: str) -> File:
        """Refuses unknown ones with 404."""
        file = meeting.files.get(file_id)
        if file is None:
            raise RefusedError(404, "File not found")
        return file

    def rename(self, file: File, name: str) -> None:
        """Give it another name."""
        file.name = name
        self._state.tell("files_update", file.meeting)

    def delete(self, file: File) -> None:
        """Forget it; its links lead nowhere."""
        del file.meeting.files[file.id]
        self._state.tell("files_update", file.meeting)

    def stored(self, meeting_id: str, stem: str) -> MediaFile | None:
        """What is behind a download link: the file, a slide or a thumbnail."""
        meeting = next((m for m in self._state.meetings if m.id == meeting_id), None)
        match = _STEM.fullmatch(stem)
        file = meeting.files.get(match["file"]) if meeting and match else None
        if file is None or match is None or not file.is_done:
            return None
        if match["page"] is None:
            return UploadedFile(file.upload, file.content_type)
        page = int(match["page"])
        if not 1 <= page <= file.pages:
            return None
        dot = _THUMBNAIL_DOT if match["small"] else _SLIDE_DOT
        return PictureFile(draw_page(page, dot=dot, comment=f"{file.id} {page}"))

    def _convert(self, file: File, step: int) -> None:
        if file.id not in file.meeting.files:
            return
        file.conversion_progress = step / STEPS
        if file.broken and step == STEPS:
            file.failed = True
        elif step == STEPS:
            file.converted = True
        self._tell(file)

    def _tell(self, file: File) -> None:
        self._state.tell("files_update", file.meeting)
        if file.is_done or not file.conversion_progress:
            for kind in ("file_update", "document_update"):
                self._state.tell_old(kind, file.meeting, file=file)

    def _forget_all(self, meeting: Meeting) -> None:
        meeting.files.clear()
