#!/usr/bin/env python3
"""Makes the golden files of this folder with MediaPipe's own legacy Holistic graph.

    python3 -m venv venv && venv/bin/pip install mediapipe==0.10.21
    venv/bin/python tests/golden/make.py

Landmarks go to NAME.json, the graph's inner streams to stages/NAME.json. Frame n (from 0) is stamped (n + 1) · 33,333 µs,
as mediapipe/python/solution_base.py does. Pixels are those that OpenCV decodes from the pictures.
"""
import json
import pathlib

import cv2
import numpy

# Without this import Python's package loses the options of the refinement node and runs kernel 9 instead of the graph's 7.
from mediapipe.calculators.util import refine_landmarks_from_heatmap_calculator_pb2  # noqa: F401
from mediapipe.python.solution_base import SolutionBase

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE.parent / "fixtures"
GRAPH = "mediapipe/modules/holistic_landmark/holistic_landmark_cpu.binarypb"
POSE = "poselandmarkcpu__"
BY_ROI = POSE + "poselandmarkbyroicpu__tensorstoposelandmarksandsegmentation__"
FACE = "facelandmarksfromposecpu__"
HANDS = "handlandmarksleftandrightcpu__"

LANDMARKS = {
    "pose": "pose_landmarks",
    "pose_world": "pose_world_landmarks",
    "left_hand": "left_hand_landmarks",
    "right_hand": "right_hand_landmarks",
    "face": "face_landmarks",
}
INNER = {
    "pose_detection": "pose_detection",
    "pose_rect": POSE + "pose_rect",
    "pose_presence": BY_ROI + "pose_presence_score",
    "pose_raw": POSE + "unfiltered_pose_landmarks",
    "pose_world_raw": POSE + "unfiltered_world_landmarks",
    "aux_raw": POSE + "unfiltered_auxiliary_landmarks",
    "aux_filtered": POSE + "auxiliary_landmarks",
    "object_scale_rect": POSE + "poselandmarkfiltering__roi",
    "pose_rect_next": "pose_landmarks_roi",
    "pose": "pose_landmarks",
    "pose_world": "pose_world_landmarks",
    "face_rect_from_pose": FACE + "face_roi_from_pose",
    "face_detections": FACE + "face_detections",
    "face_rect_from_detection": FACE + "face_roi_from_detection",
    "face_rect_previous": FACE + "facetracking__prev_face_landmarks_rect",
    "face_rect": FACE + "face_tracking_roi",
    "face_presence": FACE + "facelandmarkcpu__face_presence_score",
}
for number, side in ((1, "left"), (2, "right")):
    hand = f"{HANDS}handlandmarksfromposecpu_{number}__"
    INNER |= {
        f"{side}_hand_rect_from_pose": f"{HANDS}{side}_hand_roi_from_pose",
        f"{side}_hand_rect_recrop": f"{HANDS}{side}_hand_roi_from_recrop",
        f"{side}_hand_rect_previous": hand + "handtracking__prev_hand_landmarks_roi",
        f"{side}_hand_rect": f"{HANDS}{side}_hand_tracking_roi",
        f"{side}_hand_presence": hand + "handlandmarkcpu__hand_presence_score",
    }
WITH_VISIBILITY = {"pose", "pose_world"}


def number(value):
    return float(f"{value:.7g}")


def plain(name, value, with_visibility):
    """A stream's packet as lists and numbers."""
    if value is None:
        return None
    if hasattr(value, "landmark"):
        fields = ("x", "y", "z", "visibility") if with_visibility else ("x", "y", "z")
        return [[number(getattr(p, f)) for f in fields] for p in value.landmark]
    if hasattr(value, "x_center"):
        return [number(v) for v in (value.x_center, value.y_center, value.width, value.height, value.rotation)]
    if hasattr(value, "location_data"):
        box = value.location_data.relative_bounding_box
        return {
            "score": number(value.score[0]),
            "box_xmin_ymin_w_h": [number(v) for v in (box.xmin, box.ymin, box.width, box.height)],
            "keypoints": [[number(k.x), number(k.y)] for k in value.location_data.relative_keypoints],
        }
    if isinstance(value, (list, tuple)):
        return [plain(name, v, with_visibility) for v in value]
    return number(value)


def graph(static, smooth):
    """MediaPipe's graph with the side packets and thresholds of mp.solutions.holistic, observed in more places."""
    return SolutionBase(
        binary_graph_path=GRAPH,
        side_inputs={
            "model_complexity": 1,
            "smooth_landmarks": smooth,
            "enable_segmentation": False,
            "smooth_segmentation": False,
            "refine_face_landmarks": False,
            "use_prev_landmarks": not static,
        },
        calculator_params={
            POSE + "posedetectioncpu__TensorsToDetectionsCalculator.min_score_thresh": 0.5,
            BY_ROI.removesuffix("__") + "__ThresholdingCalculator.threshold": 0.5,
        },
        outputs=sorted({*LANDMARKS.values(), *INNER.values()}),
    )


def make(name, pictures, static, smooth, with_stages):
    holistic = graph(static, smooth)
    landmarks, stages = [], []
    for index, path in enumerate(pictures):
        image = numpy.ascontiguousarray(cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB))
        result = holistic.process(image)
        stamp = {"index": index, "timestamp_us": (index + 1) * 33_333}
        of = lambda streams, visible: {k: plain(k, getattr(result, s), visible(k)) for k, s in streams.items()}
        landmarks.append(stamp | {"file": path.name} | of(LANDMARKS, WITH_VISIBILITY.__contains__))
        stages.append(stamp | of(INNER, lambda _: True))
    about = {
        "mediapipe": "0.10.21",
        "input": str(pictures[0].relative_to(FIXTURES) if static else pictures[0].parent.relative_to(FIXTURES)),
        "static": static,
        "smooth": smooth,
        "heatmap_kernel": 7,
        "width": image.shape[1],
        "height": image.shape[0],
    }
    write = lambda path, frames: path.write_text(json.dumps(about | {"frames": frames}, separators=(",", ":")))
    write(HERE / f"{name}.json", landmarks)
    if with_stages:
        write(HERE / "stages" / f"{name}.json", stages)


if __name__ == "__main__":
    clip = sorted((FIXTURES / "clips" / "fingers").glob("*.jpg"))
    make("fingers.clip", clip, static=False, smooth=True, with_stages=True)
    make("fingers.clip.nosmooth", clip, static=False, smooth=False, with_stages=False)
    make("astronaut.image", [FIXTURES / "images" / "astronaut.jpg"], static=True, smooth=False, with_stages=True)
