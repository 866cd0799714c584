//! The `welcome` message: who serves, and within which limits.

use live_keypoints_pipeline::{Graph, Quality};
use serde::de::IntoDeserializer;
use serde::de::value::{self, StringDeserializer};
use serde::{Deserialize, Deserializer, Serialize};

/// Who serves, and within which limits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// Name of the protocol with its version.
    pub protocol: String,
    /// Program and version.
    #[serde(default)]
    pub server: String,
    /// What is more is refused or dropped.
    #[serde(default)]
    pub limits: WelcomeLimits,
    /// Names of the models that may run.
    #[serde(default)]
    pub models: Vec<String>,
    /// The graphs that can run with all parts, those of later versions left out. A relay of version 0.1.0 does not say, and has
    /// [`Graph::Holistic`] only.
    #[serde(default, deserialize_with = "known_graphs")]
    pub graphs: Vec<Graph>,
    /// The quality that holds until `configure`; `None` for one of a later version.
    #[serde(default, deserialize_with = "known_quality")]
    pub quality: Option<Quality>,
    /// What signs there are; `None` where it recognises none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signs: Option<WelcomeSigns>,
}

/// What signs a relay recognises.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WelcomeSigns {
    /// How many it tells apart.
    pub labels: u64,
}

/// The limits that a client may want to know; `null` where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WelcomeLimits {
    /// Bytes of a message; a longer one ends the session.
    pub max_message_bytes: Option<u64>,
    /// Bytes of a text message, likewise.
    pub max_text_bytes: Option<u64>,
    /// Width times height of a picture; a larger one is a bad frame.
    pub max_pixels: Option<u64>,
    /// Frames a second; above it the newest waits, and what waits before it is dropped.
    pub max_fps: Option<u32>,
    /// Frames that a client may let wait.
    pub max_buffer_size: Option<u64>,
    /// Bad frames in a row that end the session.
    pub max_consecutive_bad: Option<u64>,
    /// Seconds without a message from the client that end the session.
    pub idle_timeout_secs: Option<u64>,
    /// Age in seconds that ends the session.
    pub max_session_secs: Option<u64>,
}

fn known_quality<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Quality>, D::Error> {
    let Some(word) = Option::<String>::deserialize(deserializer)? else {
        return Ok(None);
    };
    Ok(known(word))
}

fn known_graphs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Graph>, D::Error> {
    let words = Vec::<String>::deserialize(deserializer)?;
    Ok(words.into_iter().filter_map(known).collect())
}

fn known<'de, T: Deserialize<'de>>(word: String) -> Option<T> {
    let word: StringDeserializer<value::Error> = word.into_deserializer();
    T::deserialize(word).ok()
}
