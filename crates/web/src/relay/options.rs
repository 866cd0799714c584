//! What the owner of a stream may ask of a relay and of its client.

use live_keypoints_pipeline::{
    ErrorCode, FacePoints, FrameError, Graph, Hands, MAX_HANDS, Options, Parts, Quality,
};
use live_keypoints_protocol::{Configure, Format, binary_result};

use wasm_bindgen::JsValue;

use crate::declared::{Check, FromJs, options, words};
use crate::error::in_camel_case;

/// Longest wait between attempts, milliseconds, where nothing is said.
const MOST_WAIT_MS: u32 = 15_000;

options! {
    /// The options of `LiveKeypoints.connect` about sending and computing frames. All are optional.
    pub struct RelayOptions {
        /// How to find the parts: `holistic` looks for hands and face near the body, `landmarkers` finds each part independently. Without
        /// `pose` in `parts`, `landmarkers` is always used.
        graph: Graph = Graph::Holistic, Check::Word(Some("Graph"), &["holistic", "landmarkers"]);
        /// The parts to report, at least one.
        parts: Parts = Parts::ALL, Check::Parts;
        /// Landmark models of body and hands. Default: the relay's.
        quality: Option<Quality> = None, Check::Word(Some("Quality"), &["full", "lite"]);
        /// Number of face points: 478 with the irises, or 468.
        face: FacePoints = FacePoints::default(), Check::OneOf(&[468, 478]);
        /// Whether to report 52 facial expressions. Needs `face` among `parts`, with 478 points.
        blendshapes: bool = false, Check::Boolean;
        /// Number of hands to look for, 1 to 4. With `pose` in the graph `holistic` it must be 2, a left and a right one.
        num_hands: u32 = 2, Check::Whole(1..=MAX_HANDS as u32);
        /// Where the graph `holistic` with `pose` looks for hands. `body` looks near the wrists of the pose; `recover` also looks where
        /// the hand was in the frame before, and with the palm detector. `handSources` says how each hand was found.
        hands: Hands = Hands::Body, Check::Word(None, &["body", "recover"]);
        /// Number of frames that may wait to be sent before the oldest is dropped, and of results that may wait to be read.
        buffer_size: u32 = 50, Check::COUNT;
        /// Temporal smoothing of the pose. Default: as the relay does, which is true.
        smoothing: Option<bool> = None, Check::Boolean;
        /// Temporal smoothing of the hands. Default: as the relay does, which is false.
        hand_smoothing: Option<bool> = None, Check::Boolean;
        /// Temporal smoothing of the face. Default: as the relay does, which is false.
        face_smoothing: Option<bool> = None, Check::Boolean;
        /// Whether results have 1 − x instead of x, for a picture that is shown mirrored. Sides stay the subject's own. Default: false.
        mirrored: Option<bool> = None, Check::Boolean;
        /// Whether a frame without motion is not computed but repeats the last keypoints, with `still: true`.
        skip_still: bool = false, Check::Boolean;
        /// Whether to report signs by the events `sign` and `idle`. The relay must have been started with signs. They determine
        /// how frames are computed; an option that contradicts them is refused.
        signs: bool = false, Check::Boolean;
        /// Whether to report hands in metres, too: `leftHandWorld` and `rightHandWorld`.
        hand_world: bool = false, Check::Boolean;
        /// Format of results on the wire. `binary` takes about a third of the bytes, and leaves out scores, the reasons of missing
        /// parts and the times of the steps. `json` has everything.
        format: Format = Format::Binary, Check::Word(None, &["binary", "json"]);
        /// Maximum number of unanswered frames, 1 to 64.
        max_frames_in_flight: u32 = 4, Check::Whole(1..=64);
        /// Quality of the JPEGs made from other frames, above 0, up to 1.
        jpeg_quality: f64 = 0.85, Check::Above0(1);
        /// Maximum number of pixels (width times height) of a frame that is encoded here.
        max_pixels: u32 = 1 << 24, Check::COUNT;
        /// The bearer token that the relay asks for. It is sent as a subprotocol, and never appears in a URL.
        token: Option<String> = None, Check::Secret;
        /// Milliseconds after which a connection that is not ready is given up.
        connect_timeout_ms: u32 = 10_000, Check::COUNT;
        /// Milliseconds after which a connection is given up if answers are due but nothing arrives.
        answer_timeout_ms: u32 = 10_000, Check::COUNT;
        /// When to reopen a lost connection; `false` for never. Default: after half a second, doubled up to 15 seconds, without end.
        reconnect: Reconnect = Reconnect::default(), Check::Nested("ReconnectOptions");
    }
}

options! {
    /// When a lost connection is reopened.
    pub struct Reconnect {
        /// Maximum wait before the first attempt, in milliseconds.
        first_ms: u32 = 500, Check::COUNT;
        /// Maximum wait between attempts in milliseconds, at least `firstMs`. Default: 15,000, or `firstMs` if that is more.
        most_ms: Option<u32> = None, Check::COUNT;
        /// Number of attempts without an answer in between, after which the stream ends with `connection-lost`. Default: no limit.
        max_attempts: Option<u32> = None, Check::Limit(0..=Check::MOST);
    }
}

words!(Format);

impl FromJs for Reconnect {
    /// `false` stands for no attempt.
    fn from_js(value: &JsValue) -> Option<Self> {
        if value.is_falsy() {
            return Some(Self {
                max_attempts: Some(0),
                ..Self::default()
            });
        }
        Self::read(value).ok()
    }

    #[cfg(test)]
    fn source(&self) -> Option<String> {
        None
    }
}

impl Reconnect {
    /// Longest wait between attempts, milliseconds.
    #[must_use]
    pub fn most_ms(&self) -> u32 {
        self.most_ms.unwrap_or(self.first_ms.max(MOST_WAIT_MS))
    }

    fn validate(&self) -> Result<(), FrameError> {
        Check::Whole(self.first_ms..=Check::MOST).range(
            "reconnect.",
            "mostMs",
            Some(self.most_ms().into()),
        )?;
        self.check_ranges("reconnect.")
    }
}

impl RelayOptions {
    /// Checks every range.
    ///
    /// # Errors
    /// `invalid-option` names the first option outside its range, as JavaScript writes it.
    pub fn validate(&self) -> Result<(), FrameError> {
        let invalid = |message: &str| FrameError::new(ErrorCode::InvalidOption, message);
        if !(self.parts.pose || self.parts.hands || self.parts.face) {
            return Err(invalid(
                "option parts must be a list of at least one of pose, hands, face",
            ));
        }
        if self.token.as_deref() == Some("") {
            return Err(invalid("option token must be a text that is not empty"));
        }
        self.check_ranges("")?;
        self.session().validate().map_err(in_camel_case)?;
        self.reconnect.validate()
    }

    /// What of them the relay's session is told, as the pipeline has it.
    fn session(&self) -> Options {
        Options {
            graph: self.graph,
            parts: self.parts,
            face_points: self.face,
            blendshapes: self.blendshapes,
            num_hands: self.num_hands as usize,
            hands: self.hands,
            ..Options::default()
        }
    }

    /// What every connection begins with.
    #[must_use]
    pub fn configure(&self) -> Configure {
        // What a relay of version 0.1.0 has is left out: it refuses a field that it does not know. The graph is the one that
        // runs, as such a relay runs the pose whatever the parts are.
        let default = Self::default();
        let graph = self.session().graph_to_run();
        let has_irises = self.parts.face && self.face == FacePoints::WithIrises478;
        let is_new = graph != default.graph
            || has_irises
            || self.hands != default.hands
            || self.skip_still
            || self.signs;
        let gives_mesh = self.format == Format::Binary && !is_new;
        Configure {
            graph: (graph != default.graph).then_some(graph),
            face: (self.parts.face && !gives_mesh).then_some(self.face),
            blendshapes: self.blendshapes.then_some(true),
            num_hands: (self.num_hands != default.num_hands).then_some(self.num_hands as usize),
            hands: (self.hands != default.hands).then_some(self.hands),
            binary_version: (is_new && self.format == Format::Binary)
                .then_some(binary_result::Version::Two),
            parts: Some(self.parts),
            quality: self.quality,
            format: Some(self.format),
            smoothing: self.smoothing,
            hand_smoothing: self.hand_smoothing,
            face_smoothing: self.face_smoothing,
            mirrored: self.mirrored,
            skip_still: self.skip_still.then_some(true),
            signs: self.signs.then_some(true),
            // More never wait there.
            buffer_size: Some(self.buffer_size.min(self.max_frames_in_flight) as usize),
            hand_world: self.hand_world.then_some(true),
            ..Configure::default()
        }
    }
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
                "option bufferSize must be a whole number from 1 to 2147483647",
            ),
            (
                wrong(|o| o.max_frames_in_flight = 65),
                "option maxFramesInFlight must be a whole number from 1 to 64",
            ),
            (
                wrong(|o| o.jpeg_quality = 0.0),
                "option jpegQuality must be a number above 0 to 1",
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
    fn without_options_results_are_binary_with_irises_and_all_else_is_the_relays_own_choice() {
        let text = serde_json::to_string(&RelayOptions::default().configure()).unwrap();
        let expected = concat!(
            r#"{"parts":["pose","hands","face"],"face":478,"#,
            r#""format":"binary","binary_version":2,"buffer_size":4}"#
        );
        assert_eq!(text, expected);
        let options = RelayOptions {
            buffer_size: 1,
            hand_world: true,
            format: Format::Json,
            ..RelayOptions::default()
        };
        let text = serde_json::to_string(&options.configure()).unwrap();
        let expected = concat!(
            r#"{"parts":["pose","hands","face"],"face":478,"#,
            r#""format":"json","buffer_size":1,"hand_world":true}"#
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn what_the_first_relays_have_is_asked_for_in_their_words() {
        let mesh = RelayOptions {
            face: FacePoints::Mesh468,
            ..RelayOptions::default()
        };
        let pose = RelayOptions {
            parts: Parts {
                pose: true,
                hands: false,
                face: false,
            },
            ..RelayOptions::default()
        };
        for (options, parts) in [(mesh, r#""pose","hands","face""#), (pose, r#""pose""#)] {
            let text = serde_json::to_string(&options.configure()).unwrap();
            let expected = format!(r#"{{"parts":[{parts}],"format":"binary","buffer_size":4}}"#);
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn what_only_new_results_hold_asks_for_their_version() {
        let options = RelayOptions {
            graph: Graph::Landmarkers,
            blendshapes: true,
            num_hands: 4,
            ..RelayOptions::default()
        };
        assert_eq!(options.validate(), Ok(()));
        let text = serde_json::to_string(&options.configure()).unwrap();
        let expected = concat!(
            r#"{"graph":"landmarkers","parts":["pose","hands","face"],"face":478,"blendshapes":true,"num_hands":4,"#,
            r#""format":"binary","binary_version":2,"buffer_size":4}"#
        );
        assert_eq!(text, expected);
        let recover = RelayOptions {
            hands: Hands::Recover,
            ..RelayOptions::default()
        };
        assert_eq!(recover.validate(), Ok(()));
        let text = serde_json::to_string(&recover.configure()).unwrap();
        let expected = concat!(
            r#"{"parts":["pose","hands","face"],"face":478,"hands":"recover","#,
            r#""format":"binary","binary_version":2,"buffer_size":4}"#
        );
        assert_eq!(text, expected);
        let skip = RelayOptions {
            skip_still: true,
            face: FacePoints::Mesh468,
            ..RelayOptions::default()
        };
        let text = serde_json::to_string(&skip.configure()).unwrap();
        let expected = concat!(
            r#"{"parts":["pose","hands","face"],"face":468,"#,
            r#""format":"binary","binary_version":2,"skip_still":true,"buffer_size":4}"#
        );
        assert_eq!(text, expected);
        let error = RelayOptions {
            graph: Graph::Landmarkers,
            ..recover
        };
        let error = error.validate().unwrap_err();
        assert_eq!(
            (error.code, error.message.as_str()),
            (
                ErrorCode::InvalidOption,
                "option hands must be body unless graph is holistic and parts have pose and hands, not recover"
            )
        );
        for (graph, blendshapes, expected) in [
            (
                Graph::Holistic,
                false,
                "option numHands must be 2 where graph is holistic and parts have pose, not 4",
            ),
            (
                Graph::Landmarkers,
                true,
                "option blendshapes must be false unless face is among parts and has 478 points, not true",
            ),
        ] {
            let face = FacePoints::Mesh468;
            let options = RelayOptions {
                graph,
                face,
                blendshapes,
                ..options.clone()
            };
            let error = options.validate().unwrap_err();
            assert_eq!(
                (error.code, error.message.as_str()),
                (ErrorCode::InvalidOption, expected)
            );
        }
    }
}
