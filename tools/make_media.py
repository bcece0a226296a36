"""Makes the clip and the picture the sandbox serves. Run again only to change them; needs PyAV.

python tools/make_media.py
"""

import math
from fractions import Fraction
from pathlib import Path

import av
import numpy

FOLDER = Path(__file__).resolve().parent.parent / "eyeson_meetings" / "sandbox" / "media"
WIDTH, HEIGHT, FRAMES_PER_SECOND, SECONDS = 480, 270, 12, 9
SAMPLE_RATE = 48_000


def draw(seconds: float) -> numpy.ndarray:
    """Four calm tiles, one of them speaking, and a bar that shows how far we are."""
    picture = numpy.full((HEIGHT, WIDTH, 3), (18, 18, 22), dtype=numpy.uint8)
    colours = [(38, 70, 110), (110, 62, 48), (44, 92, 70), (92, 56, 104)]
    speaking = int(seconds / 2.25) % 4
    rows, columns = numpy.mgrid[0:HEIGHT, 0:WIDTH]
    for tile, colour in enumerate(colours):
        left, top = 10 + (tile % 2) * 235, 10 + (tile // 2) * 122
        if tile == speaking:
            picture[top - 3 : top + 115, left - 3 : left + 228] = (235, 180, 60)
        picture[top : top + 112, left : left + 225] = colour
        lift = 4 * math.sin(seconds * 5) if tile == speaking else 0
        middle_x, middle_y = left + 112, top + 42 + lift
        light = tuple(min(255, part + 90) for part in colour)
        head = (columns - middle_x) ** 2 + (rows - middle_y) ** 2 < 21**2
        body = ((columns - middle_x) / 40) ** 2 + ((rows - middle_y - 62) / 34) ** 2 < 1
        inside = (rows >= top) & (rows < top + 112)
        picture[(head | body) & inside] = light
    done = int(WIDTH * seconds / SECONDS)
    picture[HEIGHT - 8 :, :done] = (235, 180, 60)
    return picture


def write_clip(path: Path) -> None:
    """VP8 and Opus in WebM, with cues so that players can seek."""
    with av.open(str(path), "w", format="webm") as container:
        video = container.add_stream("libvpx", rate=FRAMES_PER_SECOND)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.bit_rate = 90_000
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
