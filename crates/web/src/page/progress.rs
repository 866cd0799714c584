//! How far `LiveKeypoints.create` has come: single steps turned into one fraction of the whole.

use std::collections::BTreeMap;

/// Share of the whole that downloading is; the rest is optimising models, which a fast network waits for longest.
const DOWNLOAD_SHARE: f64 = 0.7;
/// Assumed length of what has not begun to arrive, or arrives compressed.
const ASSUMED_BYTES: f64 = 3_000_000.0;

/// What was done.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Progress {
    /// A piece of an asset has arrived.
    Download {
        asset: String,
        loaded_bytes: f64,
        total_bytes: Option<f64>,
    },
    /// A module has been compiled.
    Compile { asset: String },
    /// A worker has brought a model into the form that it runs in.
    Optimise { asset: String, worker: usize },
    /// Frames can be pushed.
    Ready,
}

#[derive(Clone, Copy)]
struct Bytes {
    loaded: f64,
    total: f64,
}

/// Counts.
#[derive(Default)]
pub(super) struct Meter {
    downloads: BTreeMap<String, Bytes>,
    optimised: usize,
    expected_models: usize,
    fraction: f64,
}

impl Meter {
    /// An asset will be downloaded: it counts from now on.
    pub(super) fn expect_download(&mut self, asset: &str) {
        let total = ASSUMED_BYTES;
        self.set(asset, Bytes { loaded: 0.0, total });
    }

    /// An asset came without a download, or has arrived fully.
    pub(super) fn arrived(&mut self, asset: &str, bytes: f64) {
        let total = bytes;
        self.set(
            asset,
            Bytes {
                loaded: bytes,
                total,
            },
        );
    }

    fn set(&mut self, asset: &str, bytes: Bytes) {
        self.downloads.insert(asset.to_owned(), bytes);
    }

    /// So many models will be optimised by all workers together.
    pub(super) fn expect_models(&mut self, count: usize) {
        self.expected_models = count;
    }

    /// The fraction of the whole after a step; it never goes back. `None` after `Ready`: nobody waits any more then,
    /// whatever a worker's replacement asks for.
    pub(super) fn step(&mut self, progress: &Progress) -> Option<f64> {
        if self.fraction == 1.0 {
            return None;
        }
        match progress {
            Progress::Download {
                asset,
                loaded_bytes,
                total_bytes,
            } => {
                let (loaded, total) = (*loaded_bytes, total_bytes.unwrap_or(ASSUMED_BYTES));
                let total = total.max(loaded);
                self.set(asset, Bytes { loaded, total });
            }
            Progress::Compile { asset } => self.arrived(asset, 1.0),
            Progress::Optimise { .. } => self.optimised += 1,
            Progress::Ready => {}
        }
        let now = match progress {
            Progress::Ready => 1.0,
            _ => self.estimate(),
        };
        self.fraction = self.fraction.max(now);
        Some(self.fraction)
    }

    fn estimate(&self) -> f64 {
        let sum = |of: fn(&Bytes) -> f64| self.downloads.values().map(of).sum::<f64>();
        let (loaded, total) = (sum(|bytes| bytes.loaded), sum(|bytes| bytes.total));
        let downloaded = if total == 0.0 { 1.0 } else { loaded / total };
        let expected = self.expected_models.max(1) as f64;
        let optimised = (self.optimised as f64 / expected).min(1.0);
        let all = DOWNLOAD_SHARE * downloaded + (1.0 - DOWNLOAD_SHARE) * optimised;
        all.min(0.99)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fraction_grows_to_one_and_ends_there() {
        let mut meter = Meter::default();
        meter.expect_download("inference");
        meter.expect_download("pose_detection");
        meter.expect_models(1);
        let download = |loaded_bytes, total_bytes| Progress::Download {
            asset: "inference".to_owned(),
            loaded_bytes,
            total_bytes,
        };
        let half = meter.step(&download(1.5e6, None));
        assert_eq!(half, Some(0.7 * 0.25));
        assert_eq!(meter.step(&download(1.0, Some(1e9))), half);
        let compiled = Progress::Compile {
            asset: "inference".to_owned(),
        };
        assert!(meter.step(&compiled) < Some(0.01 + 0.7 * 0.25));
        meter.arrived("pose_detection", 9.0);
        let optimised = Progress::Optimise {
            asset: "pose_detection".to_owned(),
            worker: 0,
        };
        assert_eq!(meter.step(&optimised), Some(0.99));
        assert_eq!(meter.step(&Progress::Ready), Some(1.0));
        assert_eq!(meter.step(&optimised), None);
    }
}
