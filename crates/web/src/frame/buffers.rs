//! Buffers of pixels that go round between page and workers. Made anew for every frame, they would lie about as garbage by
//! hundreds of megabytes: what was transferred is only free once the message it came with is collected, too.

use std::cell::RefCell;

use js_sys::{ArrayBuffer, Uint8Array};

/// Enough for the frames in work; more would be held for nothing.
const MAX_SPARES: usize = 8;

/// Buffers that are free to be used again.
#[derive(Default)]
pub(crate) struct Buffers(RefCell<Vec<ArrayBuffer>>);

impl Buffers {
    /// A copy of `bytes`, in a spare if one fits.
    pub(crate) fn copy_of(&self, bytes: &Uint8Array) -> Uint8Array {
        let length = bytes.byte_length();
        let mut spares = self.0.borrow_mut();
        let fitting = spares
            .iter()
            .position(|spare| spare.byte_length() == length);
        let copy = match fitting {
            Some(at) => Uint8Array::new(&spares.remove(at)),
            None => Uint8Array::new_with_length(length),
        };
        copy.set(bytes, 0);
        copy
    }

    /// A buffer that nobody needs any more. The oldest spare makes room for it.
    pub(crate) fn give(&self, buffer: ArrayBuffer) {
        // Without bytes it was transferred, and is somebody else's now.
        if buffer.byte_length() > 0 {
            let mut spares = self.0.borrow_mut();
            spares.push(buffer);
            if spares.len() > MAX_SPARES {
                spares.remove(0);
            }
        }
    }
}
