"""Makes the clip and the picture the sandbox serves. Run again only to change them; needs PyAV.

python tools/make_media.py
"""

import math
from fractions import Fraction
from pathlib import Path

import av
import numpy

FOLDER = Path(__file__).resolve().parent.parent / "eyeson_meetings" / "sandbox" / "media"
#: As eyeson's rooms have it unless they are wide-screen.
WIDTH, HEIGHT, FRAMES_PER_SECOND, SECONDS = 1280, 960, 12, 9
SAMPLE_RATE = 48_000


def draw(seconds: float) -> numpy.ndarray:
    """Four calm tiles, one of them speaking, and a bar that shows how far we are."""
    picture = numpy.full((HEIGHT, WIDTH, 3), (18, 18, 22), dtype=numpy.uint8)
    colours = [(38, 70, 110), (110, 62, 48), (44, 92, 70), (92, 56, 104)]
    speaking = int(seconds / 2.25) % 4
    rows, columns = numpy.mgrid[0:HEIGHT, 0:WIDTH]
    for tile, colour in enumerate(colours):
        left, top = 24 + (tile % 2) * 628, 24 + (tile // 2) * 460
        if tile == speaking:
            picture[top - 8 : top + 444, left - 8 : left + 612] = (235, 180, 60)
        picture[top : top + 436, left : left + 604] = colour
        lift = 12 * math.sin(seconds * 5) if tile == speaking else 0
        middle_x, middle_y = left + 302, top + 160 + lift
        light = tuple(min(255, part + 90) for part in colour)
        head = (columns - middle_x) ** 2 + (rows - middle_y) ** 2 < 80**2
        body = ((columns - middle_x) / 155) ** 2 + ((rows - middle_y - 236) / 130) ** 2 < 1
        inside = (rows >= top) & (rows < top + 436)
        picture[(head | body) & inside] = light
    done = int(WIDTH * seconds / SECONDS)
    picture[HEIGHT - 16 :, :done] = (235, 180, 60)
    return picture


def write_clip(path: Path) -> None:
    """VP8 and Opus in WebM, with cues so that players can seek."""
    with av.open(str(path), "w", format="webm") as container:
        video = container.add_stream("libvpx", rate=FRAMES_PER_SECOND)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.bit_rate = 120_000
        video.gop_size = FRAMES_PER_SECOND
        audio = container.add_stream("libopus", rate=SAMPLE_RATE, layout="mono")
        audio.bit_rate = 24_000
        for number in range(SECONDS * FRAMES_PER_SECOND):
            frame = av.VideoFrame.from_ndarray(draw(number / FRAMES_PER_SECOND), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FRAMES_PER_SECOND)
            container.mux(video.encode(frame))
            container.mux(audio.encode(_tone(number)))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))


def _tone(number: int) -> av.AudioFrame:
    length = SAMPLE_RATE // FRAMES_PER_SECOND
    times = (numpy.arange(length) + number * length) / SAMPLE_RATE
    pitch = (220, 262, 330, 294)[int(number / FRAMES_PER_SECOND / 2.25) % 4]
    wave = (numpy.sin(2 * math.pi * pitch * times) * 4000).astype(numpy.int16)
    frame = av.AudioFrame.from_ndarray(wave.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate, frame.pts = SAMPLE_RATE, number * length
    frame.time_base = Fraction(1, SAMPLE_RATE)
    return frame


def write_picture(path: Path) -> None:
    """One frame as JPEG."""
    with av.open(str(path), "w", format="mjpeg") as container:
        stream = container.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuvj420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(draw(3.0), format="rgb24")))
        container.mux(stream.encode(None))


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    write_clip(FOLDER / "clip.webm")
    write_picture(FOLDER / "snapshot.jpg")
