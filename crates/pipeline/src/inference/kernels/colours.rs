//! Colours between the pixels of a picture.

/// Pixels of an input that are computed in one go.
pub(crate) const RUN: usize = 32;

/// Where they lie in the picture, in 1/32 of a pixel; whole numbers are the pixels themselves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Positions {
    pub(crate) x: [i32; RUN],
    pub(crate) y: [i32; RUN],
}

/// The map of one row of an input into the picture: `(start + x · along) · (1 − (start_divisor + x · divisor))`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowMap {
    pub(crate) start: [f64; 2],
    pub(crate) along: [f64; 2],
    pub(crate) start_divisor: f64,
    pub(crate) divisor: f64,
}

impl RowMap {
    /// A loop that becomes vectors, of the width of who calls it.
    #[inline(always)]
    pub(super) fn positions(&self, first: usize) -> Positions {
        let mut positions = Positions {
            x: [0; RUN],
            y: [0; RUN],
        };
        let first = first as f64;
        for (index, offset) in INDICES.into_iter().enumerate() {
            let x = first + offset;
            let factor = 1.0 - (self.start_divisor + x * self.divisor);
            positions.x[index] = nearest_whole((self.start[0] + x * self.along[0]) * factor);
            positions.y[index] = nearest_whole((self.start[1] + x * self.along[1]) * factor);
        }
        positions
    }
}

/// As floats: converting integers is slow to vectorise.
const INDICES: [f64; RUN] = {
    let mut indices = [0.0; RUN];
    let mut index = 0;
    while index < RUN {
        indices[index] = index as f64;
        index += 1;
    }
    indices
};

/// The nearest whole number, the even one of two; what is far outside any picture is brought nearer.
///
/// A sum with 1.5 · 2⁵² is rounded to whole numbers, which its lowest bits then hold. (`f64::round_ties_even` is a call
/// into the C library on x86-64 without SSE 4.1, and conversions to integers are slow to vectorise.)
#[inline(always)]
fn nearest_whole(x: f64) -> i32 {
    const WHOLE: f64 = 6_755_399_441_055_744.0;
    const FAR: f64 = (1 << 30) as f64;
    (x.clamp(-FAR, FAR) + WHOLE).to_bits() as i32
}

/// A picture: three bytes a pixel, row after row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pixels<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl Pixels<'_> {
    /// Whether each position lies between four pixels of the picture, with two more bytes behind the last of them: what
    /// is read of a row at once is eight bytes.
    pub(super) fn surround(&self, at: &Positions) -> bool {
        let columns = self.width.saturating_sub(2) as u32;
        let rows = self.height.saturating_sub(1) as u32;
        let mut is_outside = false;
        for (x, y) in at.x.iter().zip(&at.y) {
            // Negative numbers are large ones here.
            is_outside |= (x >> 5).cast_unsigned() >= columns || (y >> 5).cast_unsigned() >= rows;
        }
        !is_outside
    }

    /// The first of the eight bytes of its upper row, and its weights of 32: to the right, and below.
    ///
    /// # Safety
    /// The position is one that pixels [`surround`](Self::surround).
    #[inline(always)]
    #[cfg_attr(
        not(any(
            target_arch = "aarch64",
            target_arch = "wasm32",
            target_arch = "x86_64"
        )),
        expect(dead_code, reason = "no vectors there")
    )]
    pub(super) unsafe fn corner(&self, at: &Positions, index: usize) -> (*const u8, i32, i32) {
        let (x, y) = (at.x[index], at.y[index]);
        let pixel = (y >> 5) as usize * self.width + (x >> 5) as usize;
        // SAFETY: by the caller's promise the pixel lies in the picture.
        (
            unsafe { self.bytes.as_ptr().add(3 * pixel) },
            x & 31,
            y & 31,
        )
    }
}
