//! A frame's result as a plain JavaScript object with `Float32Array`s; times in milliseconds.

use js_sys::Float32Array;
use live_keypoints_pipeline::format::jsonl::HandWorld;
use live_keypoints_pipeline::{
    FailedFrame, FrameKeypoints, FrameResult, Landmarks, MissingReason, Timings,
};
use wasm_bindgen::JsValue;

use crate::error::set;
use crate::object::object;

/// `timestamp_ms` is the capture time as it was given.
pub(crate) fn result_object(
    result: &FrameResult,
    timestamp_ms: f64,
    hand_world: HandWorld,
) -> JsValue {
    match result {
        FrameResult::Keypoints(keypoints) => keypoints_object(keypoints, timestamp_ms, hand_world),
        FrameResult::Failed(failed) => failed_object(failed, timestamp_ms),
    }
}

fn failed_object(failed: &FailedFrame, timestamp_ms: f64) -> JsValue {
    object(&[
        ("kind", "error".into()),
        ("index", number(failed.index)),
        ("timestampMs", timestamp_ms.into()),
        ("code", failed.error.code.as_str().into()),
        ("message", failed.error.message.as_str().into()),
        ("dropped", number(failed.dropped)),
    ])
}

fn keypoints_object(
    keypoints: &FrameKeypoints,
    timestamp_ms: f64,
    hand_world: HandWorld,
) -> JsValue {
    let k = keypoints;
    let js = object(&[
        ("kind", "keypoints".into()),
        ("index", number(k.index)),
        ("timestampMs", timestamp_ms.into()),
        ("width", k.width.into()),
        ("height", k.height.into()),
        ("dropped", number(k.dropped)),
        ("timings", timings_object(&k.timings)),
    ]);
    if k.parts.pose {
        set(&js, "pose", &points(k.pose.as_ref()));
        set(&js, "poseWorld", &points(k.pose_world.as_ref()));
    }
    if k.parts.hands {
        set(&js, "leftHand", &points(k.left_hand.as_ref()));
        set(&js, "rightHand", &points(k.right_hand.as_ref()));
    }
    if k.parts.hands && hand_world == HandWorld::Included {
        set(&js, "leftHandWorld", &points(k.left_hand_world.as_ref()));
        set(&js, "rightHandWorld", &points(k.right_hand_world.as_ref()));
    }
    if k.parts.face {
        set(&js, "face", &points(k.face.as_ref()));
    }
    let scores = object(&[
        ("pose", score(k.scores.pose)),
        ("leftHand", score(k.scores.left_hand)),
        ("rightHand", score(k.scores.right_hand)),
        ("face", score(k.scores.face)),
    ]);
    set(&js, "scores", &scores);
    let missing = object(&[]);
    for (part, reason) in [
        ("pose", k.missing.pose),
        ("leftHand", k.missing.left_hand),
        ("rightHand", k.missing.right_hand),
        ("face", k.missing.face),
    ] {
        if let Some(reason) = reason.map(MissingReason::as_str) {
            set(&missing, part, &reason.into());
        }
    }
    set(&js, "missing", &missing);
    js
}

fn timings_object(timings: &Timings) -> JsValue {
    object(&[
        ("queue", milliseconds(timings.queue)),
        ("decode", milliseconds(timings.decode)),
        ("pose", milliseconds(timings.pose)),
        ("leftHand", milliseconds(timings.left_hand)),
        ("rightHand", milliseconds(timings.right_hand)),
        ("face", milliseconds(timings.face)),
        ("total", milliseconds(timings.total)),
    ])
}

fn points<const N: usize, const D: usize>(landmarks: Option<&Landmarks<N, D>>) -> JsValue {
    landmarks.map_or(JsValue::NULL, |points| {
        Float32Array::from(points.as_flat()).into()
    })
}

fn score(score: Option<f32>) -> JsValue {
    score.map_or(JsValue::NULL, JsValue::from)
}

/// Indices and counts stay below 2⁵³.
fn number(value: u64) -> JsValue {
    (value as f64).into()
}

fn milliseconds(microseconds: u64) -> JsValue {
    (microseconds as f64 / 1000.0).into()
}
