//! How far `LiveKeypoints.create` has come: single steps turned into one fraction of the whole.

use wasm_bindgen::JsValue;

use crate::declared::{Maybe, ToJs, object};
use crate::small_map::SmallMap;

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

object! {
    /// An asset is being downloaded; told for every piece that arrives, of a module only if that takes long.
    pub(crate) struct DownloadProgress {
        /// What is done.
        phase: Phase<DOWNLOAD>,
        /// Such as `inference` or `pose_detection`.
        asset: String,
        /// Bytes of it that have arrived.
        loaded_bytes: f64,
        /// Its length, where the server tells it and does not compress.
        total_bytes: Maybe<f64>,
        /// All of it together, 0 to 1; never goes back.
        fraction: f64,
    }

    /// A WebAssembly module has been compiled.
    pub(crate) struct CompileProgress {
        /// What is done.
        phase: Phase<COMPILE>,
        /// Such as `inference`.
        asset: String,
        /// All of it together, 0 to 1; never goes back.
        fraction: f64,
    }

    /// A worker has read a model and brought it into the form that it runs in.
    pub(crate) struct OptimiseProgress {
        /// What is done.
        phase: Phase<OPTIMISE>,
        /// The model's name, such as `pose_detection`.
        asset: String,
        /// Number of the worker, from 0.
        worker: usize,
        /// All of it together, 0 to 1; never goes back.
        fraction: f64,
    }

    /// Frames can be pushed.
    pub(crate) struct ReadyProgress {
        /// What is done.
        phase: Phase<READY>,
        /// All of it together: 1.
        fraction: f64,
    }
}

/// The word of a kind of progress.
pub(crate) struct Phase<const WORD: usize>;

const DOWNLOAD: usize = 0;
const COMPILE: usize = 1;
const OPTIMISE: usize = 2;
const READY: usize = 3;
const PHASES: [&str; 4] = ["download", "compile", "optimise", "ready"];

impl<const WORD: usize> ToJs for Phase<WORD> {
    fn to_js(&self) -> JsValue {
        PHASES[WORD].into()
    }

    #[cfg(test)]
    fn type_name() -> String {
        format!("{:?}", PHASES[WORD])
    }
}

impl Progress {
    /// What the caller is told.
    pub(super) fn object(&self, fraction: f64) -> JsValue {
        match self.clone() {
            Self::Download {
                asset,
                loaded_bytes,
                total_bytes,
            } => DownloadProgress {
                phase: Phase,
                asset,
                loaded_bytes,
                total_bytes: Maybe(total_bytes),
                fraction,
            }
            .to_js(),
            Self::Compile { asset } => CompileProgress {
                phase: Phase,
                asset,
                fraction,
            }
            .to_js(),
            Self::Optimise { asset, worker } => OptimiseProgress {
                phase: Phase,
                asset,
                worker,
                fraction,
            }
            .to_js(),
            Self::Ready => ReadyProgress {
                phase: Phase,
                fraction,
            }
            .to_js(),
        }
    }
}

#[derive(Clone, Copy)]
struct Bytes {
    loaded: f64,
    total: f64,
}

/// Counts.
#[derive(Default)]
pub(super) struct Meter {
    downloads: SmallMap<String, Bytes>,
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
