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

    /// The inputs of one row of outputs, side by side; 0 outside the input.
    pub(super) fn gather_patches(&self, input: &[f32], y: usize, patches: &mut [f32]) {
        let channels = self.input.channels;
        let row_len = self.kernel[1] * channels;
        for (x, patch) in patches
            .chunks_exact_mut(self.kernel[0] * row_len)
            .enumerate()
        {
            let [rows, columns] = self.taps(y, x);
            for (ky, row) in patch.chunks_exact_mut(row_len).enumerate() {
                if !rows.contains(&ky) || columns.is_empty() {
                    row.fill(0.0);
                    continue;
                }
                let inside = columns.start * channels..columns.end * channels;
                row[..inside.start].fill(0.0);
                row[inside.end..].fill(0.0);
                let start = self.pixel(y, x, ky, columns.start) * channels;
                let length = inside.len();
                row[inside].copy_from_slice(&input[start..start + length]);
            }
        }
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
