//! How long a soak lasts.

use clap::Args;

/// The option that every target has.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct Length {
    /// How long
    #[arg(long, default_value_t = 10.0, value_parser = minutes)]
    minutes: f64,
}

impl Length {
    pub(super) fn seconds(self) -> f64 {
        self.minutes * 60.0
    }
}

fn minutes(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(minutes) if minutes > 0.0 && minutes.is_finite() => Ok(minutes),
        _ => Err("a number above 0 is needed".to_owned()),
    }
}
