"""Makes reference.txt: what libjpeg-turbo makes of the generated pictures.

    pip install imagecodecs==2026.3.6 pillow numpy   # imagecodecs brings libjpeg-turbo 3.1.3
    python3 reference.py

The pictures in seeds/ are of Pillow 13.0, whose libjpeg-turbo writes scans that refine; `--seeds` makes them anew.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

import imagecodecs
import numpy
from PIL import Image

HERE = pathlib.Path(__file__).parent
CELL = 16
# Exif orientation to what turns the stored picture upright.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def cell_means(pixels):
    height, width, _ = pixels.shape
    for top in range(0, height, CELL):
        for left in range(0, width, CELL):
            cell = pixels[top : top + CELL, left : left + CELL]
            yield from cell.reshape(-1, 3).mean(axis=0).round().astype(int)


def line(folder, number, name, digest, orientation):
    data = (folder / f"{number}.jpg").read_bytes()
    try:
        pixels = imagecodecs.jpeg8_decode(data, outcolorspace="RGB")
    except imagecodecs.Jpeg8Error:
        return f"{name} {digest} refused"
    image = Image.fromarray(pixels)
    if orientation in TURNS:
        image = image.transpose(TURNS[orientation])
    means = bytes(cell_means(numpy.asarray(image))).hex()
    return f"{name} {digest} {image.width}x{image.height} {means}"


def make_seeds():
    frame = Image.open(HERE / "../../../../tests/fixtures/clips/fingers/010.jpg").resize((70, 45))
    for name, picture in (("grey", frame.convert("L")), ("420", frame)):
        options = {"quality": 85, "progressive": True, "subsampling": 2, "restart_marker_blocks": 3}
        picture.save(HERE / f"seeds/{name}.jpg", **options)


def main():
    if "--seeds" in sys.argv:
        make_seeds()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        command = "cargo test --release --package live-keypoints-pipeline --no-default-features"
        command += " --features pictures --test jpeg_oddities"
        subprocess.run(command.split(), check=True, cwd=HERE, env={**os.environ, "WRITE_JPEG_ODDITIES": temporary})
        cases = [text.split(" ") for text in (folder / "list.txt").read_text().splitlines()]
        lines = [line(folder, number, name, digest, int(turn)) for number, (name, digest, turn) in enumerate(cases)]
    head = "# name, digest of the bytes, size, means of red, green and blue of each cell. By reference.py, libjpeg-turbo 3.1.3."
    (HERE / "reference.txt").write_text("\n".join([head, *lines]) + "\n")


main()
