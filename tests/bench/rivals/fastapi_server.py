"""A keypoint server as it is usually written in Python: fastapi_server.py PORT. FastAPI, OpenCV, MediaPipe Holistic.

Every session has a bounded buffer, a Holistic of its own and two tasks, one that receives and one that computes and sends;
decoding, inference (which lets other threads run) and JSON are done on a pool of four threads that all sessions share.
Frames come behind the 16-byte header of live-keypoints.v1, and one JSON object answers each.
"""

import asyncio
import json
import struct
import sys
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy
import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from mediapipe.python.solutions.holistic import Holistic

MAX_WORKERS = 4
BUFFER_SIZE = 50
HEADER = struct.Struct("<2sBBIQ")

pool = ThreadPoolExecutor(max_workers=MAX_WORKERS)
app = FastAPI()


def on_pool(function, *arguments):
    return asyncio.get_running_loop().run_in_executor(pool, function, *arguments)


def points(landmarks, has_visibility=False):
    if landmarks is None:
        return None
    if has_visibility:
        return [[p.x, p.y, p.z, p.visibility] for p in landmarks.landmark]
    return [[p.x, p.y, p.z] for p in landmarks.landmark]


def get_frame_kps(holistic, message):
    _, _, _, frame_id, timestamp_us = HEADER.unpack_from(message)
    jpeg = numpy.frombuffer(message, numpy.uint8, offset=HEADER.size)
    frame = cv2.cvtColor(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    frame.flags.writeable = False
    result = holistic.process(frame)
    keypoints = {
        "type": "keypoints",
        "timestamp_us": timestamp_us,
        "pose": points(result.pose_landmarks, True),
        "pose_world": points(result.pose_world_landmarks, True),
        "left_hand": points(result.left_hand_landmarks),
        "right_hand": points(result.right_hand_landmarks),
        "face": points(result.face_landmarks),
        "frame_id": frame_id,
    }
    return json.dumps(keypoints, separators=(",", ":"))


class Stream:
    """What a session's two tasks share. A full buffer drops its oldest frame."""

    def __init__(self):
        self.buffer = deque(maxlen=BUFFER_SIZE)
        self.has_news = asyncio.Event()
        self.is_open = True


async def producer_handler(websocket, stream):
    try:
        while True:
            stream.buffer.append(await websocket.receive_bytes())
            stream.has_news.set()
    except WebSocketDisconnect:
        stream.is_open = False
        stream.has_news.set()


async def consumer_handler(websocket, stream, holistic):
    while stream.is_open:
        await stream.has_news.wait()
        stream.has_news.clear()
        while stream.is_open and stream.buffer:
            message = stream.buffer.popleft()
            keypoints = await on_pool(get_frame_kps, holistic, message)
            if stream.is_open:
                await websocket.send_text(keypoints)


@app.websocket("/live-signs")
async def ws_live_signs(websocket: WebSocket):
    await websocket.accept()
    stream = Stream()
    holistic = await on_pool(Holistic)
    try:
        # The client may be gone before it is sent its last answer.
        await asyncio.gather(
            producer_handler(websocket, stream),
            consumer_handler(websocket, stream, holistic),
            return_exceptions=True,
        )
    finally:
        await on_pool(holistic.close)


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
