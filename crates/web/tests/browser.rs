//! The bindings in a real browser: options, errors, and a clip from JPEG bytes to keypoints.

#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "a test ends where its own set-up fails")]

use js_sys::{Float32Array, Object, Reflect, Uint8Array};
use live_keypoints_pipeline::inference::ModelKind;
use live_keypoints_web::{Runner, WebSession, models_for_steps, version};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

const ALL_STEPS: u8 = 31;
const DECODE: u8 = 1;
const MAX_PIXELS: f64 = 1e7;

macro_rules! fixture {
    ($path:literal) => {
        include_bytes!(concat!("../../../tests/", $path))
    };
}

fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &key.into()).unwrap()
}

fn number(object: &JsValue, key: &str) -> f64 {
    get(object, key).as_f64().unwrap()
}

fn code(error: &JsValue) -> String {
    assert!(error.is_instance_of::<js_sys::Error>());
    get(error, "code").as_string().unwrap()
}

fn options(entries: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (key, value) in entries {
        Reflect::set(&object, &(*key).into(), value).unwrap();
    }
    object.into()
}

fn error_of<T>(result: Result<T, JsValue>) -> JsValue {
    match result {
        Ok(_) => panic!("no error"),
        Err(error) => error,
    }
}

fn runner_with_all_models() -> Runner {
    let mut runner = Runner::new();
    for name in models_for_steps(ALL_STEPS, "full").unwrap() {
        let kind = ModelKind::from_name(&name).unwrap();
        runner
            .load_model(&name, kind.embedded_bytes().to_vec())
            .unwrap();
    }
    runner
}

/// Processes all that waits; the answer to the last frame.
fn run_until_idle(session: &mut WebSession, runner: &mut Runner, jpeg: &[u8]) -> JsValue {
    loop {
        let task = session.next_task(ALL_STEPS, 0.0).unwrap();
        if task.is_undefined() {
            return session.next_result();
        }
        let (ticket, frame) = (number(&task, "ticket"), number(&task, "frame"));
        let is_done = if number(&task, "step") == f64::from(DECODE) {
            match runner.decode_jpeg(frame, jpeg, MAX_PIXELS, false) {
                Ok(size) => {
                    let [width, height] = ["width", "height"].map(|key| number(&size, key) as u32);
                    session.complete_decode(ticket, width, height, 0.0, 0.0)
                }
                Err(error) => session.fail(ticket, &code(&error), "as the decoder says", 0.0),
            }
        } else {
            let job: Uint8Array = get(&task, "job").dyn_into().unwrap();
            let outcome = runner.run(frame, &job.to_vec()).unwrap();
            session.complete_branch(ticket, &outcome, 0.0, 0.0).unwrap()
        };
        if is_done {
            runner.release(frame);
        }
    }
}

#[wasm_bindgen_test]
fn the_version_is_the_packages() {
    assert_eq!(version(), env!("CARGO_PKG_VERSION"));
}

#[wasm_bindgen_test]
fn wrong_options_are_named_and_have_a_code() {
    for (key, value) in [
        ("bufferSize", JsValue::from(0)),
        ("bufferSize", JsValue::from(1.5)),
        ("maxFramesInFlight", JsValue::from(17)),
        ("minPoseDetectionConfidence", JsValue::from(2)),
        ("parts", JsValue::from("pose")),
        ("smoothing", JsValue::from("yes")),
        ("handSmoothing", JsValue::from("yes")),
        ("faceSmoothing", JsValue::from(1)),
        ("mirrored", JsValue::NULL),
        ("quality", JsValue::from("medium")),
        ("bufferSzie", JsValue::from(5)),
    ] {
        let error = error_of(WebSession::new(&options(&[(key, value)])));
        assert_eq!(code(&error), "invalid-option");
        let message = get(&error, "message").as_string().unwrap();
        assert!(message.contains(key), "{message}");
    }
    assert!(WebSession::new(&JsValue::UNDEFINED).is_ok());
    let right = [
        ("quality", JsValue::from("lite")),
        ("handSmoothing", JsValue::TRUE),
        ("faceSmoothing", JsValue::FALSE),
        ("mirrored", JsValue::TRUE),
    ];
    assert!(WebSession::new(&options(&right)).is_ok());
}

#[wasm_bindgen_test]
fn a_full_buffer_names_the_frame_that_it_pushed_out() {
    let mut session = WebSession::new(&options(&[("bufferSize", 1.into())])).unwrap();
    assert!(get(&session.add_frame(1.0, 0.0), "evicted").is_undefined());
    let second = session.add_frame(2.0, 0.0);
    assert_eq!(
        (number(&second, "index"), number(&second, "evicted")),
        (1.0, 0.0)
    );
    assert_eq!(session.reset().to_vec(), [1.0]);
}

#[wasm_bindgen_test]
fn stills_beyond_the_room_are_busy() {
    let mut session = WebSession::new(&JsValue::UNDEFINED).unwrap();
    let error = (0..100).find_map(|_| session.add_still(0.0).err()).unwrap();
    assert_eq!(code(&error), "busy");
}

#[wasm_bindgen_test]
fn a_worker_needs_only_the_models_of_its_steps_the_largest_first() {
    assert_eq!(
        models_for_steps(2, "lite").unwrap(),
        ["pose_landmark_lite", "pose_detection"]
    );
    assert_eq!(
        models_for_steps(4 | 8, "full").unwrap(),
        ["hand_landmark_full", "hand_recrop"]
    );
    assert_eq!(
        code(&error_of(models_for_steps(2, "best"))),
        "invalid-option"
    );
}

#[wasm_bindgen_test]
fn pixels_go_into_an_array_of_their_length_and_no_other() {
    let mut runner = Runner::new();
    let jpeg = fixture!("fixtures/clips/fingers/000.jpg");
    runner.decode_jpeg(0.0, jpeg, MAX_PIXELS, false).unwrap();
    let pixels = runner.take_rgb(0.0).unwrap();
    let target = js_sys::Uint8Array::new_with_length(pixels.length());
    runner.copy_rgb(0.0, &target).unwrap();
    assert_eq!(target.to_vec(), pixels.to_vec());
    let short = js_sys::Uint8Array::new_with_length(pixels.length() - 1);
    let error = error_of(runner.copy_rgb(0.0, &short));
    assert_eq!(code(&error), "invalid-pixels");
}

#[wasm_bindgen_test]
fn bad_pictures_and_models_have_their_codes() {
    let mut runner = Runner::new();
    let jpeg = fixture!("fixtures/clips/fingers/000.jpg");
    let mut decode = |bytes: &[u8], max_pixels| {
        runner
            .decode_jpeg(0.0, bytes, max_pixels, false)
            .map_err(|e| code(&e))
    };
    assert!(decode(jpeg, MAX_PIXELS).is_ok());
    assert_eq!(decode(b"", MAX_PIXELS), Err("empty-frame".to_owned()));
    assert_eq!(decode(b"GIF89a", MAX_PIXELS), Err("not-a-jpeg".to_owned()));
    assert_eq!(
        decode(&jpeg[..900], MAX_PIXELS),
        Err("malformed-picture".to_owned())
    );
    assert_eq!(decode(jpeg, 1000.0), Err("too-many-pixels".to_owned()));
    assert_eq!(
        code(&error_of(runner.put_rgba(0.0, 2, 2, &[0; 15]))),
        "invalid-pixels"
    );
    let html = b"<!doctype html><title>404</title>";
    assert_eq!(
        code(&error_of(runner.load_model("face_landmark", html.to_vec()))),
        "model-malformed"
    );
    let other = ModelKind::HandRecrop.embedded_bytes();
    assert_eq!(
        code(&error_of(
            runner.load_model("face_landmark", other.to_vec())
        )),
        "model-mismatch"
    );
    assert_eq!(
        code(&error_of(
            runner.load_model("no_such_model", other.to_vec())
        )),
        "model-missing"
    );
}

#[wasm_bindgen_test]
fn bytes_of_another_version_are_refused() {
    let mut runner = Runner::new();
    runner.put_rgba(0.0, 1, 1, &[0; 4]).unwrap();
    assert_eq!(
        code(&error_of(runner.run(0.0, &[0xFF; 7]))),
        "version-mismatch"
    );
}

#[wasm_bindgen_test]
fn every_model_is_warmed_up_once_unless_a_frame_has_run_it() {
    let mut runner = Runner::new();
    assert!(!runner.warm_up_next().unwrap());
    runner = runner_with_all_models();
    for _ in 0..6 {
        assert!(runner.warm_up_next().unwrap());
    }
    assert!(!runner.warm_up_next().unwrap());
    runner = runner_with_all_models();
    let mut session = WebSession::new(&JsValue::UNDEFINED).unwrap();
    session.add_frame(0.0, 0.0);
    let jpeg = fixture!("fixtures/clips/fingers/000.jpg");
    run_until_idle(&mut session, &mut runner, jpeg);
    // A frame with a person needs them all.
    assert!(!runner.warm_up_next().unwrap());
}

#[wasm_bindgen_test]
fn a_clip_gives_the_landmarks_of_mediapipe() {
    let golden: serde_json::Value =
        serde_json::from_slice(fixture!("golden/fingers.clip.json")).unwrap();
    let clip: [&[u8]; 3] = [
        fixture!("fixtures/clips/fingers/000.jpg"),
        fixture!("fixtures/clips/fingers/001.jpg"),
        fixture!("fixtures/clips/fingers/002.jpg"),
    ];
    let mut runner = runner_with_all_models();
    let mut session = WebSession::new(&JsValue::UNDEFINED).unwrap();
    for (index, jpeg) in clip.into_iter().enumerate() {
        session.add_frame((index + 1) as f64 * 33.333, 0.0);
        let result = run_until_idle(&mut session, &mut runner, jpeg);
        assert_eq!(get(&result, "kind"), "keypoints");
        assert_eq!(
            (number(&result, "index"), number(&result, "width")),
            (index as f64, 320.0)
        );
        // The pixels are jpeg-decoder's, MediaPipe's were libjpeg-turbo's: that alone moves points by tenths of a pixel.
        for (part, name, values, limit_px) in [
            ("pose", "pose", 4, 1.5),
            ("leftHand", "left_hand", 3, 1.5),
            ("face", "face", 3, 0.3),
        ] {
            let points: Float32Array = get(&result, part).dyn_into().unwrap();
            let points = points.to_vec();
            let expected = golden["frames"][index][name].as_array().unwrap();
            assert_eq!(points.len(), expected.len() * values);
            let distance = |(own, expected): (&[f32], &serde_json::Value)| {
                let x = (f64::from(own[0]) - expected[0].as_f64().unwrap()) * 320.0;
                let y = (f64::from(own[1]) - expected[1].as_f64().unwrap()) * 240.0;
                x.hypot(y)
            };
            let sum: f64 = points.chunks(values).zip(expected).map(distance).sum();
            let mean = sum / expected.len() as f64;
            assert!(mean < limit_px, "frame {index}, {part}: {mean} px");
        }
        assert!(get(&result, "rightHand").is_null());
        let reason = get(&get(&result, "missing"), "rightHand")
            .as_string()
            .unwrap();
        assert!(["low-presence", "out-of-view"].contains(&reason.as_str()));
    }
    assert_eq!(runner.kept_bytes(), 0.0);
}

#[wasm_bindgen_test]
fn a_broken_frame_is_answered_and_the_next_one_is_processed() {
    let mut runner = runner_with_all_models();
    let mut session = WebSession::new(&JsValue::UNDEFINED).unwrap();
    session.add_frame(1.0, 0.0);
    let broken = run_until_idle(&mut session, &mut runner, b"\xFF\xD8\xFF");
    assert_eq!(get(&broken, "code"), "malformed-picture");
    session.add_frame(2.0, 0.0);
    let jpeg = fixture!("fixtures/clips/fingers/000.jpg");
    let result = run_until_idle(&mut session, &mut runner, jpeg);
    assert!(get(&result, "pose").is_instance_of::<Float32Array>());
}
