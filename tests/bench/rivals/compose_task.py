"""Writes the bundle that HolisticLandmarker of tasks-vision loads: compose_task.py BUNDLES OUTPUT.

No package index has Google's own holistic bundle. This one holds the same models: pose, hands and face from the single
bundles in the folder BUNDLES, and the hand re-crop model of the Python package mediapipe 0.10.21, with the metadata that
the task asks for (input range 0 to 1).
"""

import sys
import zipfile
from pathlib import Path

import mediapipe
from mediapipe.tasks.python.metadata.metadata_writers import metadata_writer


def members(bundle):
    with zipfile.ZipFile(bundle) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def recrop_model():
    modules = Path(mediapipe.__file__).parent / "modules"
    model = (modules / "holistic_landmark/hand_recrop.tflite").read_bytes()
    writer = metadata_writer.MetadataWriter.create(bytearray(model))
    writer.add_general_info("hand_recrop")
    writer.add_image_input([0.0], [255.0])
    with_metadata, _ = writer.populate()
    return bytes(with_metadata)


def main(bundles, output):
    face = members(bundles / "face_landmarker.task")
    hand = members(bundles / "hand_landmarker.task")
    files = {name: data for name, data in face.items() if name.endswith("tflite")}
    files["hand_landmarks_detector.tflite"] = hand["hand_landmarks_detector.tflite"]
    files["hand_roi_refinement.tflite"] = recrop_model()
    files |= members(bundles / "pose_landmarker_full.task")
    # Stored, not deflated: the task maps the models from the archive.
    with zipfile.ZipFile(output, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
