//! Options as a plain JavaScript object, in camelCase. An unknown key is an error that names it.

use js_sys::{Function, Object, Reflect};
use live_keypoints_pipeline::format::jsonl::HandWorld;
use live_keypoints_pipeline::{FrameError, Options, SessionError};
use wasm_bindgen::{JsCast, JsValue};

use super::assets::AssetOptions;
use super::downloads::{RETRY_MS, SILENCE_MS};
use crate::error::js_error;
use crate::object::property;
use crate::option_values::{count, flag, fraction, invalid, parts, quality};
use crate::panics::Panics;
use crate::pool::Patience;

/// A worker that is silent for longer while it starts has failed, unless the network is busy with other files.
const START_TIMEOUT_MS: f64 = 60_000.0;

/// What a stream is started with.
pub(super) struct StartOptions {
    pub(super) session: Options,
    pub(super) hand_world: HandWorld,
    pub(super) workers: usize,
    pub(super) max_pixels: u64,
    pub(super) fast_decode: bool,
    pub(super) patience: Patience,
    /// `() => Worker`
    pub(super) create_worker: Function,
    pub(super) assets: Option<AssetOptions>,
    pub(super) panics: Panics,
}

impl StartOptions {
    /// Reads `{ session, workers, maxPixels, fastDecode, workerTimeoutMs, createWorker, assets, addressOf, keepsModels,
    /// onProgress, guard, onPanic }`.
    pub(super) fn read(object: &JsValue) -> Result<Self, JsValue> {
        let PageOptions {
            session,
            hand_world,
        } = read(&property(object, "session"))?;
        let number = |key: &str| property(object, key).as_f64().unwrap_or_default();
        let is_set = |key: &str| property(object, key).is_truthy();
        let function = |key: &str| property(object, key).dyn_into::<Function>();
        Ok(Self {
            hand_world,
            workers: number("workers") as usize,
            max_pixels: number("maxPixels") as u64,
            fast_decode: is_set("fastDecode"),
            patience: Patience {
                start_ms: START_TIMEOUT_MS,
                step_ms: number("workerTimeoutMs"),
                compile_ms: RETRY_MS,
                compile_retry_ms: SILENCE_MS,
            },
            create_worker: function("createWorker")?,
            assets: Some(AssetOptions {
                given: property(object, "assets"),
                address_of: function("addressOf")?,
                keeps_models: is_set("keepsModels"),
                quality: session.quality,
                on_progress: function("onProgress").ok(),
            }),
            session,
            panics: Panics::read(object)?,
        })
    }
}

/// What the page asks for: of the session, and of its results.
#[derive(Default)]
struct PageOptions {
    session: Options,
    hand_world: HandWorld,
}

fn read(object: &JsValue) -> Result<PageOptions, JsValue> {
    let mut page = PageOptions::default();
    if object.is_undefined() || object.is_null() {
        return Ok(page);
    }
    let options = &mut page.session;
    let object: &Object = object
        .dyn_ref()
        .ok_or_else(|| invalid("options", "an object", object))?;
    for key in Object::keys(object).iter() {
        let value = Reflect::get(object, &key)?;
        if value.is_undefined() {
            continue;
        }
        let key = key.as_string().unwrap_or_default();
        match key.as_str() {
            "parts" => options.parts = parts(&value)?,
            "quality" => options.quality = quality(&value)?,
            "smoothing" => options.smoothing = flag(&key, &value)?,
            "handSmoothing" => options.hand_smoothing = flag(&key, &value)?,
            "faceSmoothing" => options.face_smoothing = flag(&key, &value)?,
            "mirrored" => options.mirrored = flag(&key, &value)?,
            "handWorld" => page.hand_world = hand_world(&key, &value)?,
            "bufferSize" => options.buffer_size = count(&key, &value)?,
            "maxFramesInFlight" => options.max_frames_in_flight = count(&key, &value)?,
            "maxUnreadResults" => options.max_unread_results = count(&key, &value)?,
            "minPoseDetectionConfidence" => {
                options.min_pose_detection_confidence = fraction(&key, &value)?;
            }
            "minPosePresenceConfidence" => {
                options.min_pose_presence_confidence = fraction(&key, &value)?;
            }
            "minHandLandmarksConfidence" => {
                options.min_hand_landmarks_confidence = fraction(&key, &value)?;
            }
            "minFaceDetectionConfidence" => {
                options.min_face_detection_confidence = fraction(&key, &value)?;
            }
            "minFacePresenceConfidence" => {
                options.min_face_presence_confidence = fraction(&key, &value)?;
            }
            _ => return Err(invalid(&key, "left out: there is no such option", &value)),
        }
    }
    options.validate().map_err(|error| in_camel_case(&error))?;
    Ok(page)
}

/// The error with the option's name as JavaScript writes it: no other word of its text has an underscore.
fn in_camel_case(error: &SessionError) -> JsValue {
    let mut message = String::new();
    let mut is_after_underscore = false;
    for letter in error.to_string().chars() {
        match letter {
            '_' => is_after_underscore = true,
            _ if is_after_underscore => {
                message.push(letter.to_ascii_uppercase());
                is_after_underscore = false;
            }
            _ => message.push(letter),
        }
    }
    js_error(FrameError::new(error.code(), message))
}

fn hand_world(key: &str, value: &JsValue) -> Result<HandWorld, JsValue> {
    Ok(if flag(key, value)? {
        HandWorld::Included
    } else {
        HandWorld::Omitted
    })
}
