//! Bytes of unknown number in pieces of a megabyte, so that they can be kept outside the page's heap.

/// Length of a whole piece.
const PIECE_BYTES: usize = 1 << 20;

/// Gathers bytes; whole pieces become of type `T`, what is left stays here.
pub(super) struct Pieces<T> {
    whole: Vec<T>,
    rest: Vec<u8>,
}

impl<T> Pieces<T> {
    pub(super) fn new() -> Self {
        Self {
            whole: Vec::new(),
            rest: Vec::new(),
        }
    }

    pub(super) fn write(&mut self, mut bytes: &[u8], keep: impl Fn(&[u8]) -> T) {
        while !bytes.is_empty() {
            if self.rest.capacity() == 0 {
                self.rest.reserve_exact(PIECE_BYTES);
            }
            let (fitting, left) = bytes.split_at(bytes.len().min(PIECE_BYTES - self.rest.len()));
            self.rest.extend_from_slice(fitting);
            bytes = left;
            if self.rest.len() == PIECE_BYTES {
                self.whole.push(keep(&self.rest));
                self.rest.clear();
            }
        }
    }

    /// The whole pieces, and what comes after them.
    pub(super) fn parts(&self) -> (&[T], &[u8]) {
        (&self.whole, &self.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_any_length_come_back_in_order() {
        let mut pieces = Pieces::new();
        let mut expected = Vec::new();
        for length in [0, 1, 3_000_000, 7, 1 << 20, 2] {
            let bytes: Vec<u8> = (0..length)
                .map(|at| ((at * 7 + length) % 251) as u8)
                .collect();
            pieces.write(&bytes, <[u8]>::to_vec);
            expected.extend(bytes);
        }
        let (whole, rest) = pieces.parts();
        assert!(whole.iter().all(|piece| piece.len() == PIECE_BYTES));
        assert!([&whole.concat()[..], rest].concat() == expected);
    }
}
