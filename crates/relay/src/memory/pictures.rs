//! The ceiling on the memory of pictures in work: no decoding starts that would go over it, unless it is the only one.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use live_keypoints_pipeline::picture::RgbImage;

/// The memory that decodings and decoded pictures share.
pub(crate) struct PictureMemory {
    max_bytes: u64,
    account: Arc<Account>,
}

struct Account {
    used_bytes: AtomicU64,
    on_release: Box<dyn Fn() + Send + Sync>,
}

/// A part of the memory; dropping it gives it back.
pub(crate) struct Held {
    bytes: u64,
    account: Arc<Account>,
}

/// A decoded picture and the memory that is held for it.
pub struct Pixels {
    image: RgbImage,
    _held: Option<Held>,
}

impl PictureMemory {
    /// `on_release` is called where some was given back.
    pub(crate) fn new(max_bytes: u64, on_release: impl Fn() + Send + Sync + 'static) -> Self {
        let account = Account {
            used_bytes: AtomicU64::new(0),
            on_release: Box::new(on_release),
        };
        Self {
            max_bytes,
            account: Arc::new(account),
        }
    }

    /// The ceiling.
    pub(crate) fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    /// So much of it, if there is room, or if nothing is held: one picture goes on in any case.
    pub(crate) fn try_hold(&self, bytes: u64) -> Option<Held> {
        let add = |used: u64| {
            let sum = used.saturating_add(bytes);
            (used == 0 || sum <= self.max_bytes).then_some(sum)
        };
        let used = &self.account.used_bytes;
        used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add)
            .ok()?;
        Some(Held {
            bytes,
            account: Arc::clone(&self.account),
        })
    }
}

impl Held {
    /// Gives back what is over `bytes`.
    fn shrink(&mut self, bytes: u64) {
        let over = self.bytes.saturating_sub(bytes);
        self.bytes -= over;
        self.account.release(over);
    }
}

impl Account {
    fn release(&self, bytes: u64) {
        if bytes > 0 {
            self.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
            (self.on_release)();
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.account.release(self.bytes);
    }
}

impl Pixels {
    /// A picture, and what was held for its decoding, of which it keeps as much as it has bytes.
    pub(crate) fn new(image: RgbImage, mut held: Option<Held>) -> Self {
        if let Some(held) = &mut held {
            held.shrink(image.pixels().len() as u64);
        }
        Self { image, _held: held }
    }
}

impl Deref for Pixels {
    type Target = RgbImage;

    fn deref(&self) -> &RgbImage {
        &self.image
    }
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Held({})", self.bytes)
    }
}

impl std::fmt::Debug for Pixels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.image.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn what_is_held_stays_below_the_ceiling_but_for_one_picture() {
        let released = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&released);
        let memory = PictureMemory::new(100, move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
        let whole = memory.try_hold(1000).unwrap();
        assert!(memory.try_hold(1).is_none());
        drop(whole);
        assert_eq!(released.load(Ordering::Relaxed), 1);
        let part = memory.try_hold(60).unwrap();
        assert!(memory.try_hold(41).is_none());
        let other = memory.try_hold(40).unwrap();
        let image = RgbImage::from_rgb(2, 1, vec![0; 6]).unwrap();
        let pixels = Pixels::new(image, Some(part));
        assert!(memory.try_hold(55).is_none());
        assert_eq!(memory.try_hold(54).unwrap().bytes, 54);
        drop((pixels, other));
        assert_eq!(memory.account.used_bytes.load(Ordering::Relaxed), 0);
    }
}
