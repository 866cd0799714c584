#!/usr/bin/env python3
"""Makes landmarkers.json: what MediaPipe Tasks find in a picture, and in the first frames of a clip.

    python3 -m venv venv && venv/bin/pip install mediapipe==1.2.3
    venv/bin/python tests/golden/landmarkers.py FOLDER

FOLDER holds the bundles of models that task_bundles.py gets. Of HolisticLandmarker only the face is kept, as its other parts
are those of the legacy graph. Frame n (from 0) of the clip is stamped (n + 1) · 33 ms, as tasks take whole milliseconds. Pixels
are those that OpenCV decodes from the pictures. Of the face only POINTS are kept.
"""
import json
import pathlib
import sys

import cv2
import mediapipe
from mediapipe.tasks.python import BaseOptions, vision

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE.parent / "fixtures"
FRAMES = 3
# Both irises with their eyes' corners, the nose, the mouth's corners.
POINTS = [33, 133, 362, 263, 1, 61, 291, *range(468, 478)]
TASKS = {
    "hand": (vision.HandLandmarker, vision.HandLandmarkerOptions, "hand_landmarker", {"num_hands": 2}),
    "pose": (vision.PoseLandmarker, vision.PoseLandmarkerOptions, "pose_landmarker_full", {}),
    "face": (vision.FaceLandmarker, vision.FaceLandmarkerOptions, "face_landmarker", {"output_face_blendshapes": True}),
    "holistic": (vision.HolisticLandmarker, vision.HolisticLandmarkerOptions, "holistic_landmarker", {"output_face_blendshapes": True}),
}


def number(value):
    return float(f"{value:.7g}")


def points(landmarks):
    return [[number(p.x), number(p.y), number(p.z)] for p in landmarks]


def with_visibility(landmarks):
    return [[*point, number(p.visibility)] for point, p in zip(points(landmarks), landmarks)]


def first(parts, read):
    return read(parts[0]) if parts else None


def found(task, result):
    if task == "hand":
        hands = zip(result.handedness, result.hand_landmarks, result.hand_world_landmarks)
        return {
            "hands": [
                {"handedness": side[0].category_name, "score": number(side[0].score), "points": points(hand), "world": points(world)}
                for side, hand, world in hands
            ]
        }
    if task == "pose":
        return {
            "pose": first(result.pose_landmarks, with_visibility),
            "pose_world": first(result.pose_world_landmarks, with_visibility),
        }
    if task == "holistic":
        return {"holistic": face(result.face_landmarks, result.face_blendshapes)}
    return face(result.face_landmarks[0], result.face_blendshapes[0])


def face(landmarks, blendshapes):
    return {
        "face": [[index, *points(landmarks)[index]] for index in POINTS],
        "blendshapes": [number(score.score) for score in blendshapes],
    }


def run(bundles, files, mode):
    frames = [{"file": str(file.relative_to(FIXTURES))} for file in files]
    for task, (landmarker, options, bundle, more) in TASKS.items():
        base = BaseOptions(model_asset_buffer=(bundles / f"{bundle}.task").read_bytes())
        with landmarker.create_from_options(options(base_options=base, running_mode=mode, **more)) as detector:
            for number_of_frame, (frame, file) in enumerate(zip(frames, files), 1):
                rgb = cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB)
                image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=rgb)
                is_video = mode == vision.RunningMode.VIDEO
                result = detector.detect_for_video(image, number_of_frame * 33) if is_video else detector.detect(image)
                frame.update(found(task, result))
    return frames


def main():
    bundles = pathlib.Path(sys.argv[1])
    stills = [FIXTURES / f"images/{name}.png" for name in ("astronaut", "fingers")]
    clip = sorted((FIXTURES / "clips/fingers").glob("*.jpg"))[:FRAMES]
    golden = {
        "mediapipe": mediapipe.__version__,
        "stills": run(bundles, stills, vision.RunningMode.IMAGE),
        "clip": run(bundles, clip, vision.RunningMode.VIDEO),
    }
    (HERE / "landmarkers.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")


main()
