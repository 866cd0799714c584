//! Weights of a matrix product, packed for the vectors of this machine.

use std::ops::Range;

/// A matrix `depth × columns`, cut into panels of columns: two vectors wide, at the end one or two. Within a panel the
/// columns of one depth lie side by side, filled with zeros to whole vectors.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Panels {
    values: Vec<f32>,
    depth: usize,
    columns: usize,
    lanes: usize,
}

/// One panel.
pub(super) struct Panel<'a> {
    pub(super) values: &'a [f32],
    pub(super) columns: Range<usize>,
    /// Vectors wide: 1 or 2.
    pub(super) vectors: usize,
}

impl Panels {
    /// Packs a matrix whose rows are those of each tap, channel by channel, given by its elements (tap, channel, column).
    pub(crate) fn pack(
        depth: [usize; 2],
        columns: usize,
        element: impl Fn(usize, usize, usize) -> f32,
    ) -> Self {
        Self::pack_for(super::lanes(), depth, columns, element)
    }

    pub(super) fn pack_for(
        lanes: usize,
        [taps, channels]: [usize; 2],
        columns: usize,
        element: impl Fn(usize, usize, usize) -> f32,
    ) -> Self {
        let depth = taps * channels;
        let mut values = vec![0.0; depth * columns.next_multiple_of(lanes)];
        let mut rest = &mut values[..];
        for (range, vectors) in panel_columns(columns, lanes) {
            let (panel, after) = rest.split_at_mut(depth * vectors * lanes);
            rest = after;
            let mut rows = panel.chunks_exact_mut(vectors * lanes);
            for tap in 0..taps {
                for (channel, row) in (0..channels).zip(&mut rows) {
                    for (value, column) in row.iter_mut().zip(range.clone()) {
                        *value = element(tap, channel, column);
                    }
                }
            }
        }
        Self {
            values,
            depth,
            columns,
            lanes,
        }
    }

    /// Rows of the matrix: values that go into one output.
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// Columns of the matrix: outputs.
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    pub(super) fn lanes(&self) -> usize {
        self.lanes
    }

    pub(super) fn bytes(&self) -> usize {
        self.values.len() * size_of::<f32>()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Panel<'_>> {
        let mut start = 0;
        panel_columns(self.columns, self.lanes).map(move |(columns, vectors)| {
            let length = self.depth * vectors * self.lanes;
            let values = &self.values[start..start + length];
            start += length;
            Panel {
                values,
                columns,
                vectors,
            }
        })
    }

    /// One element, as it was packed.
    #[cfg(any(test, not(any(target_arch = "aarch64", target_arch = "wasm32"))))]
    pub(super) fn element(&self, depth: usize, column: usize) -> f32 {
        let panel = self.iter().find(|panel| panel.columns.contains(&column));
        panel.map_or(f32::NAN, |panel| {
            panel.values[depth * panel.vectors * self.lanes + column - panel.columns.start]
        })
    }
}

/// Vectors of so few lanes are rarely filled only in part, as channels come in fours: where they are, they are a panel of
/// their own. That saves code, which browsers have to compile before a page has its first result.
pub(super) const FEW_LANES: usize = 4;

fn panel_columns(columns: usize, lanes: usize) -> impl Iterator<Item = (Range<usize>, usize)> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let columns = start..match columns - start {
            0 => return None,
            left if lanes <= FEW_LANES && left < 2 * lanes => start + left.min(lanes),
            left => start + left.min(2 * lanes),
        };
        start = columns.end;
        let vectors = columns.len().div_ceil(lanes);
        Some((columns, vectors))
    })
}
