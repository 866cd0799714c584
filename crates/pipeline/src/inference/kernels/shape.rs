//! Shapes, windows and what happens to a value after its sum.

use std::ops::Range;
use std::sync::Arc;

/// Height, width and channels of an NHWC tensor of one picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Shape {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) channels: usize,
}

impl Shape {
    pub(crate) fn pixels(self) -> usize {
        self.height * self.width
    }

    pub(crate) fn len(self) -> usize {
        self.pixels() * self.channels
    }
}

/// A sliding window: height and width of the kernel, its strides, the padding before, on both axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Window {
    pub(crate) input: Shape,
    pub(crate) output: Shape,
    pub(crate) kernel: [usize; 2],
    pub(crate) stride: [usize; 2],
    pub(crate) pad: [usize; 2],
}

impl Window {
    pub(super) fn check(&self, input: &[f32], out: &[f32]) {
        assert_eq!(input.len(), self.input.len());
        assert_eq!(out.len(), self.output.len());
        assert!(
            self.kernel[0] > 0 && self.kernel[1] > 0 && self.stride[0] > 0 && self.stride[1] > 0
        );
    }

    /// The kernel rows and columns of the output at (y, x) that lie inside the input.
    pub(super) fn taps(&self, y: usize, x: usize) -> [Range<usize>; 2] {
        let sides = [self.input.height, self.input.width];
        [y, x]
            .iter()
            .enumerate()
            .fold([0..0, 0..0], |mut taps, (axis, at)| {
                let start = at * self.stride[axis];
                let first = self.pad[axis].saturating_sub(start);
                let end = (sides[axis] + self.pad[axis])
                    .saturating_sub(start)
                    .min(self.kernel[axis]);
                taps[axis] = first..end.max(first);
                taps
            })
    }

    /// Index of the pixel under the tap (ky, kx) of the output at (y, x). The tap must lie inside.
    pub(super) fn pixel(&self, y: usize, x: usize, ky: usize, kx: usize) -> usize {
        let row = y * self.stride[0] + ky - self.pad[0];
        let column = x * self.stride[1] + kx - self.pad[1];
        row * self.input.width + column
    }

    /// Values of each row of [`gather_rows`](Self::gather_rows).
    pub(super) fn gathered_len(&self) -> usize {
        ((self.output.width - 1) * self.stride[1] + self.kernel[1]) * self.input.channels
    }

    /// The rows of the input under one row of outputs, from the first tap of the first to the last tap of the last; 0
    /// outside the input.
    pub(super) fn gather_rows(&self, input: &[f32], y: usize, gathered: &mut [f32]) {
        let channels = self.input.channels;
        let row_len = self.input.width * channels;
        let before = (self.pad[1] * channels).min(self.gathered_len());
        let inside = before..(before + row_len).min(self.gathered_len());
        let [rows, _] = self.taps(y, 0);
        for (ky, row) in gathered.chunks_exact_mut(self.gathered_len()).enumerate() {
            if !rows.contains(&ky) {
                row.fill(0.0);
                continue;
            }
            let start = (y * self.stride[0] + ky - self.pad[0]) * row_len;
            row[..inside.start].fill(0.0);
            row[inside.clone()].copy_from_slice(&input[start..start + inside.len()]);
            row[inside.end..].fill(0.0);
        }
    }
}

/// The left matrix of a product, as it lies in memory. Rows may overlap: those under a convolution's window do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) count: usize,
    /// From one row to the next.
    pub(crate) stride: usize,
    /// The parts of each row, from one to the next of them, and the values of each.
    pub(crate) parts: usize,
    pub(crate) part_stride: usize,
    pub(crate) part_len: usize,
}

impl<'a> Rows<'a> {
    /// One row after the other.
    pub(crate) fn dense(values: &'a [f32], count: usize) -> Self {
        let depth = values.len() / count;
        assert_eq!(values.len(), count * depth);
        Self {
            values,
            count,
            stride: depth,
            parts: 1,
            part_stride: 0,
            part_len: depth,
        }
    }

    pub(super) fn check(&self, depth: usize) {
        assert!(self.count > 0 && self.parts > 0);
        assert_eq!(self.parts * self.part_len, depth);
        let last = (self.count - 1) * self.stride + (self.parts - 1) * self.part_stride;
        assert!(last + self.part_len <= self.values.len());
    }

    /// One element.
    #[cfg(any(test, not(any(target_arch = "aarch64", target_arch = "wasm32"))))]
    pub(super) fn element(&self, row: usize, depth: usize) -> f32 {
        let (part, at) = (depth / self.part_len, depth % self.part_len);
        self.values[row * self.stride + part * self.part_stride + at]
    }
}

/// The last thing that happens to a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Activation {
    /// Nothing.
    Identity,
    /// Not below the first, then not above the second.
    Clamp(f32, f32),
    /// Negative values times their channel's slope.
    PRelu(Arc<[f32]>),
}

impl Activation {
    pub(super) fn check(&self, channels: usize) {
        if let Self::PRelu(slopes) = self {
            assert_eq!(slopes.len(), channels);
        }
    }
}

/// What a sum starts from, and what happens to it: the residual is added, then the activation is applied.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Epilogue<'a> {
    /// One value a channel: the sum starts from it.
    pub(crate) bias: &'a [f32],
    /// A tensor like the output.
    pub(crate) residual: Option<&'a [f32]>,
    pub(crate) activation: &'a Activation,
}

impl<'a> Epilogue<'a> {
    pub(super) fn check(&self, rows: usize, channels: usize) {
        assert_eq!(self.bias.len(), channels);
        assert!(
            self.residual
                .is_none_or(|residual| residual.len() == rows * channels)
        );
        self.activation.check(channels);
    }

    /// The same for some values of the output only; the range holds whole rows.
    pub(super) fn rows(&self, range: Range<usize>) -> Epilogue<'a> {
        Epilogue {
            residual: self.residual.map(|residual| &residual[range]),
            ..*self
        }
    }
}

/// Where an output of a resize lies between two inputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Between {
    pub(super) first: usize,
    pub(super) second: usize,
    /// Of the second, 0..1.
    pub(super) share: f32,
}

/// The place of an output at twice the resolution, half-pixel centres, kept inside.
pub(super) fn between(at: usize, length: usize) -> Between {
    let (first, share) = match at {
        0 => (0, 0.0),
        at if at == 2 * length - 1 => (length - 1, 0.0),
        at => ((at - 1) / 2, if at.is_multiple_of(2) { 0.75 } else { 0.25 }),
    };
    Between {
        first,
        second: (first + 1).min(length - 1),
        share,
    }
}
