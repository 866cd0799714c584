"""Reads `.pose` files of `live-keypoints-relay extract --format pose` and of the npm package with the format's own library.

Usage: python3 tests/pose_format/test_pose_file.py BINARY
or, with the binary in LIVE_KEYPOINTS_RELAY, python3 -m unittest discover

Needs pose-format (pip install pose-format==0.15.0); for the package's files also Node.js and the built package, www/dist. Where mediapipe is installed, too, the header is compared with what
pose-format makes from it; otherwise with the checksum of that.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy
from pose_format import Pose
from pose_format.utils.generic import detect_known_pose_format

CLIP = Path(__file__).resolve().parents[1] / "fixtures" / "clips" / "fingers"
BINARY = os.environ.get("LIVE_KEYPOINTS_RELAY")
FPS = 25
RECORD = Path(__file__).with_name("record.mjs")
PACKAGE = Path(__file__).resolve().parents[2] / "www" / "dist" / "pose.js"

# SHA-256 of described(holistic_components()), pose-format 0.15.0 with mediapipe 0.10.21: of a face without irises.
HOLISTIC_COMPONENTS = "8c7990001324861a80173581c7b23f7ea77f6a9c36c35ab41f907274251470f9"

POINTS = 586
PARTS = [("pose", 33), ("face", 478), ("left_hand", 21), ("right_hand", 21), ("pose_world", 33)]


def described(components):
    """Components as one text. Limbs are sorted: mediapipe holds them in sets."""
    fields = [
        {
            "name": component.name,
            "format": component.format,
            "points": list(component.points),
            "limbs": sorted([int(a), int(b)] for a, b in component.limbs),
            "colors": [[int(value) for value in color] for color in component.colors],
        }
        for component in components
    ]
    return json.dumps(fields)


def extract(*arguments):
    command = [BINARY, "extract", "--quality", "lite", "--fps", str(FPS), *map(str, arguments)]
    return subprocess.run(command, check=False, stdout=subprocess.PIPE)


class PoseFile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        pictures = sorted(CLIP.glob("*.jpg"))[:6]
        with tempfile.TemporaryDirectory() as folder:
            broken = Path(folder) / "broken.jpg"
            broken.write_bytes(pictures[3].read_bytes()[:100])
            cls.inputs = [*pictures[:3], broken, *pictures[3:]]
            cls.jsonl = extract(*cls.inputs)
            cls.piped = extract("--format", "pose", *cls.inputs)
            path = Path(folder) / "out.pose"
            cls.to_file = extract("--format", "pose", "-o", path, *cls.inputs)
            cls.file_bytes = path.read_bytes()
        cls.mesh_jsonl = extract("--face", "468", cls.inputs[0])
        cls.mesh_bytes = extract("--face", "468", "--format", "pose", cls.inputs[0]).stdout
        cls.pose = Pose.read(cls.piped.stdout)
        cls.mesh = Pose.read(cls.mesh_bytes)
        cls.lines = [json.loads(line) for line in cls.jsonl.stdout.splitlines()]

    def test_a_broken_picture_makes_the_exit_status_one(self):
        for run in (self.jsonl, self.piped, self.to_file):
            self.assertEqual(run.returncode, 1)

    def test_file_and_pipe_get_the_same_bytes(self):
        self.assertEqual(self.file_bytes, self.piped.stdout)

    def test_the_header_is_that_of_load_holistic(self):
        header = self.pose.header
        self.assertAlmostEqual(header.version, 0.2, places=6)
        size = (header.dimensions.width, header.dimensions.height, header.dimensions.depth)
        self.assertEqual(size, (self.lines[0]["width"], self.lines[0]["height"], 0))
        self.assertEqual(detect_known_pose_format(self.pose), "holistic")
        text = described(self.mesh.header.components)
        self.assertEqual(hashlib.sha256(text.encode()).hexdigest(), HOLISTIC_COMPONENTS)

    def test_the_header_is_what_pose_format_makes_from_mediapipe(self):
        try:
            from pose_format.utils.holistic import holistic_components
        except ImportError as error:
            if os.environ.get("CI") == "true":
                raise
            self.skipTest(f"mediapipe cannot be imported: {error}")
        self.assertEqual(described(self.mesh.header.components), described(holistic_components()))

    def test_the_body_holds_the_keypoints_of_every_frame(self):
        body = self.pose.body
        self.assertEqual(body.fps, FPS)
        self.assertEqual(body.data.shape, (len(self.inputs), 1, POINTS, 3))
        self.assertEqual(body.confidence.shape, (len(self.inputs), 1, POINTS))
        scale = numpy.array([self.lines[0]["width"], self.lines[0]["height"], 1], numpy.float32)
        for frame, line in enumerate(self.lines):
            start = 0
            for part, count in PARTS:
                values = line.get(part)
                points = body.data.data[frame, 0, start : start + count]
                confidence = body.confidence[frame, 0, start : start + count]
                start += count
                if values is None:
                    self.assertFalse(points.any(), (frame, part))
                    self.assertFalse(confidence.any(), (frame, part))
                    continue
                values = numpy.array(values, numpy.float32)
                expected = values[:, 3] if part.startswith("pose") else numpy.ones(count)
                numpy.testing.assert_array_equal(points, values[:, :3] * scale)
                numpy.testing.assert_array_equal(confidence, expected)

    def test_the_broken_picture_is_an_empty_frame(self):
        self.assertEqual(self.lines[3]["error"]["code"], "malformed-picture")
        self.assertFalse(self.pose.body.confidence[3].any())
        self.assertTrue(self.pose.body.confidence[4].any())

    def test_the_face_has_irises_unless_it_is_asked_for_without(self):
        for pose, lines, count in [
            (self.pose, self.jsonl, 478),
            (self.mesh, self.mesh_jsonl, 468),
        ]:
            line = json.loads(lines.stdout.splitlines()[0])
            face = pose.get_components(["FACE_LANDMARKS"])
            [component] = face.header.components
            self.assertEqual(component.points, [str(number) for number in range(count)])
            self.assertEqual(detect_known_pose_format(pose), "holistic")
            scale = numpy.array([line["width"], line["height"], 1], numpy.float32)
            expected = numpy.array(line["face"], numpy.float32) * scale
            numpy.testing.assert_array_equal(face.body.data.data[0, 0], expected)
            self.assertTrue(face.body.confidence[0].all())
            # What follows the face is where it should be.
            left_hand = pose.get_components(["LEFT_HAND_LANDMARKS"]).body.data.data[0, 0]
            expected = numpy.array(line["left_hand"], numpy.float32) * scale
            numpy.testing.assert_array_equal(left_hand, expected)

    def test_the_npm_package_writes_the_same_file(self):
        node = shutil.which("node")
        if not (node and PACKAGE.is_file()):
            message = "needs Node.js and the built package"
            self.fail(message) if os.environ.get("CI") else self.skipTest(message)

        def recorded(jsonl, *face):
            command = [node, RECORD, str(FPS), *face]
            run = subprocess.run(command, check=True, input=jsonl.stdout, stdout=subprocess.PIPE)
            return run.stdout

        self.assertEqual(recorded(self.mesh_jsonl, "468"), self.mesh_bytes)
        found = recorded(self.jsonl)
        self.assertEqual(found, self.file_bytes)
        body = Pose.read(found).body
        self.assertEqual(body.fps, FPS)
        numpy.testing.assert_array_equal(body.data.data, self.pose.body.data.data)
        numpy.testing.assert_array_equal(body.confidence, self.pose.body.confidence)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        BINARY = str(Path(sys.argv.pop(1)).resolve())
    if BINARY is None:
        sys.exit(__doc__)
    unittest.main(verbosity=2)
