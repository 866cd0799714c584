//! The matrix product: a tile of some rows × one or two vectors of columns at a time.

use super::super::panels::{FEW_LANES, Panel, Panels};
use super::super::shape::{Epilogue, Rows};
use super::super::vector::Vector;
use super::{activate, load_up_to, store_up_to, vector_len};

/// Weights up to this size stay in the second-level cache while all rows pass by.
const RESIDENT_WEIGHT_BYTES: usize = 128 << 10;

/// # Safety
/// As [`Vector`]. Lengths are checked by the caller (`kernels::matrix_product`), and `weights` are packed for `V::LANES`.
#[inline(always)]
pub(in super::super) unsafe fn matrix_product<V: Vector, const ROWS: usize>(
    a: &Rows<'_>,
    weights: &Panels,
    epilogue: &Epilogue<'_>,
    out: &mut [f32],
) {
    debug_assert_eq!(weights.lanes(), V::LANES);
    let (rows, out) = (a.count, out.as_mut_ptr());
    if weights.bytes() <= RESIDENT_WEIGHT_BYTES {
        let mut row = 0;
        while row < rows {
            let count = tile_rows::<ROWS>(rows - row);
            for panel in weights.iter() {
                // SAFETY: rows `row..row + count` exist, and the caller checked all lengths.
                unsafe { block::<V, ROWS>(a, row, count, weights, &panel, epilogue, out) };
            }
            row += count;
        }
    } else {
        for panel in weights.iter() {
            let mut row = 0;
            while row < rows {
                let count = tile_rows::<ROWS>(rows - row);
                // SAFETY: as above.
                unsafe { block::<V, ROWS>(a, row, count, weights, &panel, epilogue, out) };
                row += count;
            }
        }
    }
}

/// Rows of the next tile: all that fit, or the largest smaller tile there is code for.
#[inline(always)]
fn tile_rows<const ROWS: usize>(left: usize) -> usize {
    match left {
        left if left >= ROWS => ROWS,
        4.. if ROWS > 4 => 4,
        2.. => 2,
        _ => 1,
    }
}

/// # Safety
/// As [`matrix_product`]; the rows `row..row + count` exist.
#[inline(always)]
unsafe fn block<V: Vector, const ROWS: usize>(
    a: &Rows<'_>,
    row: usize,
    count: usize,
    weights: &Panels,
    panel: &Panel<'_>,
    epilogue: &Epilogue<'_>,
    out: *mut f32,
) {
    let at = Tile {
        a,
        weights: panel.values.as_ptr(),
        row,
        column: panel.columns.start,
        columns: panel.columns.len(),
        row_len: weights.columns(),
        out,
    };
    // SAFETY: the tile lies inside the matrices.
    unsafe {
        match (panel.vectors, count) {
            (2, count) if count == ROWS => tile::<V, ROWS, 2>(&at, epilogue),
            (2, 4) => tile::<V, 4, 2>(&at, epilogue),
            (2, 2) => tile::<V, 2, 2>(&at, epilogue),
            (2, _) => tile::<V, 1, 2>(&at, epilogue),
            (_, count) if count == ROWS => tile::<V, ROWS, 1>(&at, epilogue),
            // Few: the last rows of at most one panel.
            (_, count) => {
                for row in row..row + count {
                    tile::<V, 1, 1>(&Tile { row, ..at }, epilogue);
                }
            }
        }
    }
}

/// Where a tile of a matrix product lies.
struct Tile<'a> {
    /// The left matrix.
    a: &'a Rows<'a>,
    /// Its panel.
    weights: *const f32,
    row: usize,
    column: usize,
    columns: usize,
    row_len: usize,
    /// The whole output.
    out: *mut f32,
}

impl Tile<'_> {
    /// Columns in the last of `W` vectors.
    #[inline(always)]
    fn last<V: Vector, const W: usize>(&self) -> usize {
        self.columns - (W - 1) * V::LANES
    }
}

/// # Safety
/// As [`Vector`]; the tile lies inside the matrices, and is one of those that panels are cut for.
#[inline(always)]
unsafe fn tile<V: Vector, const R: usize, const W: usize>(at: &Tile<'_>, epilogue: &Epilogue<'_>) {
    // SAFETY: the caller's promise.
    unsafe {
        if at.columns == W * V::LANES || (W > 1 && V::LANES <= FEW_LANES) {
            finish::<V, R, W, true>(sums::<V, R, W, true>(at, epilogue), at, epilogue);
        } else {
            finish::<V, R, W, false>(sums::<V, R, W, false>(at, epilogue), at, epilogue);
        }
    }
}

/// The bias and the products.
///
/// # Safety
/// As [`tile`]; `WHOLE` tells that the tile's columns fill its vectors.
#[inline(always)]
unsafe fn sums<V: Vector, const R: usize, const W: usize, const WHOLE: bool>(
    at: &Tile<'_>,
    epilogue: &Epilogue<'_>,
) -> [[V; W]; R] {
    // SAFETY: `a` has these rows, the panel `depth` times W vectors; the bias is cut to the columns.
    unsafe {
        let mut bias = [V::splat(0.0); W];
        for (w, bias) in bias.iter_mut().enumerate() {
            let from = epilogue.bias.as_ptr().add(at.column + w * V::LANES);
            *bias = load_up_to::<V>(from, vector_len::<V, W, WHOLE>(w, at.last::<V, W>()));
        }
        let mut sums = [bias; R];
        let mut weights = at.weights;
        let mut part = at.a.values.as_ptr().add(at.row * at.a.stride);
        for _ in 0..at.a.parts {
            for d in 0..at.a.part_len {
                let mut factors = [V::splat(0.0); W];
                for (w, factor) in factors.iter_mut().enumerate() {
                    *factor = V::load(weights.add(w * V::LANES));
                }
                for (r, sums) in sums.iter_mut().enumerate() {
                    let value = V::splat(*part.add(r * at.a.stride + d));
                    for w in 0..W {
                        sums[w] = value.multiply_add(factors[w], sums[w]);
                    }
                }
                weights = weights.add(W * V::LANES);
            }
            part = part.wrapping_add(at.a.part_stride);
        }
        sums
    }
}

/// Adds the residual, applies the activation, and stores the tile.
///
/// # Safety
/// As [`tile`]; `WHOLE` tells that the tile's columns fill its vectors.
#[inline(always)]
unsafe fn finish<V: Vector, const R: usize, const W: usize, const WHOLE: bool>(
    mut sums: [[V; W]; R],
    at: &Tile<'_>,
    epilogue: &Epilogue<'_>,
) {
    let last = at.last::<V, W>();
    let offset = |r: usize, w: usize| (at.row + r) * at.row_len + at.column + w * V::LANES;
    // SAFETY: residual and output have the tile's columns; the last vector is cut to them.
    unsafe {
        if let Some(residual) = epilogue.residual {
            for (r, sums) in sums.iter_mut().enumerate() {
                for (w, sum) in sums.iter_mut().enumerate() {
                    let residual = residual.as_ptr().add(offset(r, w));
                    let count = vector_len::<V, W, WHOLE>(w, last);
                    *sum = sum.add(load_up_to::<V>(residual, count));
                }
            }
        }
        activate::<V, R, W, WHOLE>(&mut sums, at.column, last, epilogue.activation);
        for (r, sums) in sums.into_iter().enumerate() {
            for (w, sum) in sums.into_iter().enumerate() {
                let count = vector_len::<V, W, WHOLE>(w, last);
                store_up_to(sum, at.out.add(offset(r, w)), count);
            }
        }
    }
}
