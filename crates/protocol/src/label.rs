//! What a sign is called.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// The label of a sign as the manifest has it, a text or an object: JSON that is passed on and not looked into.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Label(Box<RawValue>);

impl From<&Value> for Label {
    fn from(label: &Value) -> Self {
        // Every value is written as sound JSON.
        Self(RawValue::from_string(label.to_string()).unwrap_or_default())
    }
}

impl PartialEq for Label {
    /// Whether their texts are the same.
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

impl fmt::Display for Label {
    /// Writes the JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.get())
    }
}
