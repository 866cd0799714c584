//! What the owner of a stream may ask of a relay and of its client.

use std::fmt::Display;
use std::ops::RangeInclusive;

use live_keypoints_pipeline::{ErrorCode, FrameError, Parts, Quality};
use live_keypoints_protocol::{Configure, Format};

/// The longest wait that a browser's timer can do.
const MOST_MS: u32 = i32::MAX as u32;
/// Frames that may be sent before the first of them is answered, at most.
const MOST_IN_FLIGHT: u32 = 64;
/// The greatest number of frames and of pixels.
const MOST: u32 = i32::MAX as u32;

/// The options of `LiveKeypoints.connect()` that say how frames are computed and sent.
#[derive(Clone, Debug, PartialEq)]
pub struct RelayOptions {
    /// The parts to report, at least one.
    pub parts: Parts,
    /// Landmark models of body and hands; `None`: the relay's.
    pub quality: Option<Quality>,
    /// Frames that wait to be sent before the oldest is dropped, 1 to 2³¹ − 1.
    pub buffer_size: u32,
    /// Temporal smoothing of the pose; `None`: as the relay does.
    pub smoothing: Option<bool>,
    /// Temporal smoothing of the hands; `None`: as the relay does.
    pub hand_smoothing: Option<bool>,
    /// Temporal smoothing of the face; `None`: as the relay does.
    pub face_smoothing: Option<bool>,
    /// Whether x becomes 1 − x; `None`: as the relay does.
    pub mirrored: Option<bool>,
    /// Whether hands come in metres as well.
    pub hand_world: bool,
    /// How results travel.
    pub format: Format,
    /// Frames that may be sent before the first of them is answered, 1 to 64.
    pub max_frames_in_flight: u32,
    /// Of the JPEGs that are made of frames that are none, above 0 to 1.
    pub jpeg_quality: f64,
    /// Most pixels (width times height) of a frame that is encoded on the page, 1 to 2³¹ − 1.
    pub max_pixels: u32,
    /// What the relay asks for as its bearer token; not empty.
    pub token: Option<String>,
    /// Milliseconds for a connection to be ready, 1 to 2³¹ − 1.
    pub connect_timeout_ms: u32,
    /// A relay that owes answers and is silent for longer than this many milliseconds is given up, 1 to 2³¹ − 1.
    pub answer_timeout_ms: u32,
    /// How a lost connection is opened again.
    pub reconnect: Reconnect,
}

/// How a lost connection is opened again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconnect {
    /// Longest wait before the first attempt, milliseconds, 1 to 2³¹ − 1.
    pub first_ms: u32,
    /// Longest wait between attempts, milliseconds, `first_ms` to 2³¹ − 1; `None`: 15 seconds, or `first_ms` where that is more.
    pub most_ms: Option<u32>,
    /// Attempts without an answer in between, after which the stream ends; `None` is no limit, 0 no attempt.
    pub max_attempts: Option<u32>,
}

impl Default for RelayOptions {
    fn default() -> Self {
        Self {
            parts: Parts::ALL,
            quality: None,
            buffer_size: 50,
            smoothing: None,
            hand_smoothing: None,
            face_smoothing: None,
            mirrored: None,
            hand_world: false,
            format: Format::Binary,
            max_frames_in_flight: 4,
            jpeg_quality: 0.85,
            max_pixels: 1 << 24,
            token: None,
            connect_timeout_ms: 10_000,
            answer_timeout_ms: 10_000,
            reconnect: Reconnect::default(),
        }
    }
}

impl Default for Reconnect {
    fn default() -> Self {
        Self {
            first_ms: 500,
            most_ms: None,
            max_attempts: None,
        }
    }
}

impl Reconnect {
    /// The names of its options, as JavaScript writes them.
    pub const NAMES: [&str; 3] = ["firstMs", "mostMs", "maxAttempts"];

    /// Longest wait between attempts, milliseconds.
    #[must_use]
    pub fn most_ms(&self) -> u32 {
        self.most_ms.unwrap_or(self.first_ms.max(15_000))
    }

    fn validate(&self) -> Result<(), FrameError> {
        whole_number("reconnect.firstMs", self.first_ms, 1..=MOST_MS)?;
        whole_number("reconnect.mostMs", self.most_ms(), self.first_ms..=MOST_MS)?;
        let max_attempts = self.max_attempts.unwrap_or(0);
        whole_number("reconnect.maxAttempts", max_attempts, 0..=MOST_MS)
    }
}

impl RelayOptions {
    /// The names of its options, as JavaScript writes them.
    pub const NAMES: [&str; 16] = [
        "parts",
        "quality",
        "bufferSize",
        "smoothing",
        "handSmoothing",
        "faceSmoothing",
        "mirrored",
        "handWorld",
        "format",
        "maxFramesInFlight",
        "jpegQuality",
        "maxPixels",
        "token",
        "connectTimeoutMs",
        "answerTimeoutMs",
        "reconnect",
    ];

    /// Checks every range.
    ///
    /// # Errors
    /// `invalid-option` names the first option outside its range, as JavaScript writes it.
    pub fn validate(&self) -> Result<(), FrameError> {
        if !(self.parts.pose || self.parts.hands || self.parts.face) {
            let expected = "a list of at least one of pose, hands, face";
            return invalid("parts", expected, "an empty one");
        }
        whole_number("bufferSize", self.buffer_size, 1..=MOST)?;
        whole_number(
            "maxFramesInFlight",
            self.max_frames_in_flight,
            1..=MOST_IN_FLIGHT,
        )?;
        // No number at all is not greater than 0 either.
        if !(self.jpeg_quality > 0.0 && self.jpeg_quality <= 1.0) {
            return invalid("jpegQuality", "a number above 0 to 1", self.jpeg_quality);
        }
        if self.token.as_deref() == Some("") {
            let message = "option token must be a text that is not empty";
            return Err(FrameError::new(ErrorCode::InvalidOption, message));
        }
        whole_number("maxPixels", self.max_pixels, 1..=MOST)?;
        whole_number("connectTimeoutMs", self.connect_timeout_ms, 1..=MOST_MS)?;
        whole_number("answerTimeoutMs", self.answer_timeout_ms, 1..=MOST_MS)?;
        self.reconnect.validate()
    }

    /// What every connection begins with.
    #[must_use]
    pub fn configure(&self) -> Configure {
        Configure {
            parts: Some(self.parts),
            quality: self.quality,
            format: Some(self.format),
            smoothing: self.smoothing,
            hand_smoothing: self.hand_smoothing,
            face_smoothing: self.face_smoothing,
            mirrored: self.mirrored,
            // More never wait there.
            buffer_size: Some(self.buffer_size.min(self.max_frames_in_flight) as usize),
            // Left out rather than false: relays of version 0.1.0 do not know it.
            hand_world: self.hand_world.then_some(true),
            points: None,
        }
    }
}

fn whole_number(option: &str, value: u32, range: RangeInclusive<u32>) -> Result<(), FrameError> {
    if range.contains(&value) {
        return Ok(());
    }
    let (least, most) = range.into_inner();
    let expected = format!("a whole number from {least} to {most}");
    invalid(option, &expected, value)
}

fn invalid(option: &str, expected: &str, value: impl Display) -> Result<(), FrameError> {
    let message = format!("option {option} must be {expected}, not {value}");
    Err(FrameError::new(ErrorCode::InvalidOption, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid_and_the_first_wrong_option_is_named() {
        assert_eq!(RelayOptions::default().validate(), Ok(()));
        let wrong = |change: fn(&mut RelayOptions)| {
            let mut options = RelayOptions::default();
            change(&mut options);
            // It is not the first one.
            options.reconnect.max_attempts = Some(u32::MAX);
            let error = options.validate().unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidOption);
            error.message
        };
        for (message, start) in [
            (
                wrong(|o| {
                    o.parts = Parts {
                        pose: false,
                        hands: false,
                        face: false,
                    }
                }),
                "option parts must be a list",
            ),
            (
                wrong(|o| o.buffer_size = 0),
                "option bufferSize must be a whole number from 1 to 2147483647, not 0",
            ),
            (
                wrong(|o| o.max_frames_in_flight = 65),
                "option maxFramesInFlight must be a whole number from 1 to 64, not 65",
            ),
            (
                wrong(|o| o.jpeg_quality = 0.0),
                "option jpegQuality must be a number above 0 to 1, not 0",
            ),
            (wrong(|o| o.jpeg_quality = f64::NAN), "option jpegQuality"),
            (wrong(|o| o.max_pixels = 0), "option maxPixels"),
            (
                wrong(|o| o.token = Some(String::new())),
                "option token must be a text that is not empty",
            ),
            (
                wrong(|o| o.connect_timeout_ms = 0),
                "option connectTimeoutMs",
            ),
            (
                wrong(|o| o.answer_timeout_ms = u32::MAX),
                "option answerTimeoutMs",
            ),
            (
                wrong(|o| o.reconnect.first_ms = 0),
                "option reconnect.firstMs",
            ),
            (
                wrong(|o| o.reconnect.most_ms = Some(10)),
                "option reconnect.mostMs must be a whole number from 500 to",
            ),
            (wrong(|_| ()), "option reconnect.maxAttempts"),
        ] {
            assert!(message.starts_with(start), "{message}");
        }
    }

    #[test]
    fn a_long_first_wait_is_also_the_longest() {
        let slow = Reconnect {
            first_ms: 20_000,
            ..Reconnect::default()
        };
        assert_eq!((slow.most_ms(), slow.validate()), (20_000, Ok(())));
    }

    #[test]
    fn without_options_results_are_binary_and_all_else_is_the_relays_own_choice() {
        let text = serde_json::to_string(&RelayOptions::default().configure()).unwrap();
        assert_eq!(
            text,
            r#"{"parts":["pose","hands","face"],"format":"binary","buffer_size":4}"#
        );
        let options = RelayOptions {
            buffer_size: 1,
            hand_world: true,
            format: Format::Json,
            ..RelayOptions::default()
        };
        let text = serde_json::to_string(&options.configure()).unwrap();
        assert_eq!(
            text,
            r#"{"parts":["pose","hands","face"],"format":"json","buffer_size":1,"hand_world":true}"#
        );
    }
}
