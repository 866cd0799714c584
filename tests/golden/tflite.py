#!/usr/bin/env python3
"""Makes tflite.json: what TensorFlow Lite with XNNPACK gives for each model, as digests of the outputs' bits.

    tflite.py FOLDER_WITH_TFLITE_FILES > tflite.json

Needs PyPI's ai-edge-litert (2.3.0 made the file) and pillow. The .tflite files lie in PyPI's mediapipe 0.10.21, folder
mediapipe/modules. The input is tests/fixtures/images/astronaut.png, every (512 / side)th pixel of it.
"""
import json
import pathlib
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

# Model: side of its input, value of black.
MODELS = {
    "pose_detection": (224, -1),
    "pose_landmark_full": (256, 0),
    "hand_recrop": (256, 0),
    "hand_landmark_full": (224, 0),
    "face_detection_short_range": (128, -1),
    "face_landmark": (192, 0),
}


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


def main():
    folder = pathlib.Path(sys.argv[1])
    images = pathlib.Path(__file__).parent.parent / "fixtures" / "images"
    picture = np.asarray(Image.open(images / "astronaut.png").convert("RGB"))
    models = {}
    for name, (side, black) in MODELS.items():
        [path] = folder.rglob(f"{name}.tflite")
        interpreter = Interpreter(str(path))
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], model_input(picture, side, black))
        interpreter.invoke()
        outputs = [interpreter.get_tensor(output["index"]).reshape(-1) for output in interpreter.get_output_details()]
        models[name] = [
            {"values": len(values), "first": [float(f"{v:.7g}") for v in values[:3]], "fnv1a": fnv1a(values.tobytes())}
            for values in outputs
        ]
    json.dump({"program": "ai-edge-litert 2.3.0, XNNPACK, AVX-512", "models": models}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
