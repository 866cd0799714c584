"""One turn of Python's mediapipe Holistic on the processor: mediapipe_holistic.py CLIP FRAMES. Prints one sample a line.

Frames are shown there and back, so that tracking never jumps; the first ten are warm-up.
"""

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

import cv2
import mediapipe
import numpy

WARM_UP_FRAMES = 10
LABEL = f"mediapipe {version('mediapipe')} (Python)"


def decode(jpeg):
    return cv2.cvtColor(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def show(case, metric, value):
    sample = dict(suite="native", subject=LABEL, case=case, metric=metric, value=value)
    print(json.dumps(sample))


def main(folder, count):
    paths = sorted(folder.glob("*.jpg"))[:count]
    if len(paths) < count:
        sys.exit(f"{folder} has {len(paths)} of {count} frames")
    jpegs = [numpy.fromfile(path, numpy.uint8) for path in paths]
    begun = time.perf_counter()
    holistic = mediapipe.solutions.holistic.Holistic(model_complexity=1)
    holistic.process(decode(jpegs[0]))
    show("start", "first_result_ms", (time.perf_counter() - begun) * 1e3)
    pixels = [decode(jpeg) for jpeg in jpegs]
    for case, frames, prepare in (
        ("pixels in", pixels, lambda frame: frame),
        ("JPEG in", jpegs, decode),
    ):
        order = frames + frames[-2:0:-1]
        for frame in order[:WARM_UP_FRAMES]:
            holistic.process(prepare(frame))
        times, found = [], 0
        cpu_begun, wall_begun = time.process_time(), time.perf_counter()
        for frame in order:
            begun = time.perf_counter()
            result = holistic.process(prepare(frame))
            times.append((time.perf_counter() - begun) * 1e3)
            found += result.pose_landmarks is not None
        wall_ms = (time.perf_counter() - wall_begun) * 1e3
        cpu_ms = (time.process_time() - cpu_begun) * 1e3
        if found < 0.9 * len(order):
            sys.exit(f"{case}: a body in {found} of {len(order)} frames")
        times.sort()
        show(case, "wall_ms", wall_ms / len(order))
        show(case, "cpu_ms", cpu_ms / len(order))
        show(case, "latency_ms", times[len(times) // 2])


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
