//! Motion between pictures: a small grey picture of each, how much two of them differ, and how long nothing has moved.
//!
//! ```
//! use live_keypoints_pipeline::motion::{MotionGate, SmallGrey};
//! use live_keypoints_pipeline::picture::RgbImage;
//!
//! let picture = |grey| RgbImage::from_rgb(64, 48, vec![grey; 64 * 48 * 3]);
//! let mut gate = MotionGate::new(1.0);
//! assert!(gate.sees_motion(&SmallGrey::of(&picture(100)?)));
//! assert!(!gate.sees_motion(&SmallGrey::of(&picture(101)?)));
//! assert_eq!(gate.still_frames(), 1);
//! # Ok::<(), live_keypoints_pipeline::PictureError>(())
//! ```

use serde::{Deserialize, Serialize};

use crate::picture::RgbImage;

const COLUMNS: usize = 64;
const ROWS: usize = 48;
/// Pixels of a cell that count, along each side. So the work has a bound, whatever the picture.
const MOST_SAMPLES: usize = 8;
/// Cells of a tile, along each side.
const TILE: usize = 8;

/// Change of the tile that changes most, in grey levels, up to which a session may call a picture still. The noise of a
/// camera in a lit room is below it, a hand that moves by its own width is above.
pub const STILL_THRESHOLD: f32 = 2.0;

/// A picture as 64 × 48 grey cells, whatever its size and shape: each is the mean of up to 8 × 8 pixels spread over the cell, so that
/// noise of single pixels is gone. Levels 0 to 255, luma of BT.601. The same bits on every machine.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<u8>", into = "Vec<u8>")]
pub struct SmallGrey(Box<[u8]>);

impl SmallGrey {
    /// Of this picture. Takes about as long as 200 000 additions at most.
    #[must_use]
    pub fn of(image: &RgbImage) -> Self {
        let (width, height) = (image.width() as usize, image.height() as usize);
        let columns: [Vec<usize>; COLUMNS] =
            std::array::from_fn(|column| samples(column, COLUMNS, width).collect());
        let row_bytes = width * 3;
        let mut cells = Vec::with_capacity(COLUMNS * ROWS);
        for row in 0..ROWS {
            let mut sums = [0u32; COLUMNS];
            let mut rows = 0;
            for y in samples(row, ROWS, height) {
                rows += 1;
                let pixels = &image.pixels()[y * row_bytes..(y + 1) * row_bytes];
                let (pixels, _) = pixels.as_chunks::<3>();
                for (sum, column) in sums.iter_mut().zip(&columns) {
                    *sum += column.iter().map(|x| luma(pixels[*x])).sum::<u32>();
                }
            }
            for (sum, column) in sums.iter().zip(&columns) {
                let weight = 256 * rows * column.len() as u32;
                cells.push(((sum + weight / 2) / weight) as u8);
            }
        }
        Self(cells.into())
    }

    /// The cells, row by row.
    #[must_use]
    pub fn cells(&self) -> &[u8] {
        &self.0
    }

    /// Mean absolute difference of the cells, in grey levels, 0..=255.
    #[must_use]
    pub fn mean_change(&self, other: &Self) -> f32 {
        let sum: u32 = self.differences(other).sum();
        sum as f32 / (COLUMNS * ROWS) as f32
    }

    /// As [`mean_change`](Self::mean_change), of the tile that changes most among 8 × 6. In the mean of a whole picture a
    /// finger that moves is less than its noise; in that of a tile it is not.
    #[must_use]
    pub fn local_change(&self, other: &Self) -> f32 {
        let mut tiles = [0u32; (COLUMNS / TILE) * (ROWS / TILE)];
        for (cell, difference) in self.differences(other).enumerate() {
            let (x, y) = (cell % COLUMNS / TILE, cell / COLUMNS / TILE);
            tiles[y * (COLUMNS / TILE) + x] += difference;
        }
        let most = tiles.into_iter().max().unwrap_or_default();
        most as f32 / (TILE * TILE) as f32
    }

    fn differences(&self, other: &Self) -> impl Iterator<Item = u32> {
        let pairs = self.0.iter().zip(&other.0);
        pairs.map(|(a, b)| u32::from(a.abs_diff(*b)))
    }
}

impl TryFrom<Vec<u8>> for SmallGrey {
    type Error = &'static str;

    /// Takes cells over, row by row.
    ///
    /// # Errors
    /// Where they are not 64 × 48.
    fn try_from(cells: Vec<u8>) -> Result<Self, Self::Error> {
        match cells.len() == COLUMNS * ROWS {
            true => Ok(Self(cells.into())),
            false => Err("a small grey picture has 3072 cells"),
        }
    }
}

impl From<SmallGrey> for Vec<u8> {
    fn from(grey: SmallGrey) -> Self {
        grey.0.into()
    }
}

impl std::fmt::Debug for SmallGrey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SmallGrey({COLUMNS}×{ROWS})")
    }
}

/// The pixels of a side of so many that count for one of the cells that share it, spread evenly; at least one.
fn samples(cell: usize, cells: usize, side: usize) -> impl Iterator<Item = usize> {
    let start = cell * side / cells;
    let length = ((cell + 1) * side / cells).saturating_sub(start).max(1);
    let count = length.min(MOST_SAMPLES);
    (0..count).map(move |number| start + number * length / count)
}

/// In 1/256 grey levels; the weights add up to 256.
fn luma([red, green, blue]: [u8; 3]) -> u32 {
    77 * u32::from(red) + 150 * u32::from(green) + 29 * u32::from(blue)
}

/// Tells frames with motion from still ones, by the mean change from one frame to the next, and counts how long nothing has
/// moved.
#[derive(Clone, Debug)]
pub struct MotionGate {
    threshold: f32,
    previous: Option<SmallGrey>,
    still_frames: u64,
}

impl MotionGate {
    /// A gate that takes a mean change of more than `threshold` grey levels, 0 to 255, for motion.
    #[must_use]
    pub fn new(threshold: f32) -> Self {
        Self {
            threshold,
            previous: None,
            still_frames: 0,
        }
    }

    /// Takes the next frame: whether it differs from the one before. The first does.
    pub fn sees_motion(&mut self, grey: &SmallGrey) -> bool {
        let is_still = self
            .previous
            .as_ref()
            .is_some_and(|previous| previous.mean_change(grey) <= self.threshold);
        self.still_frames = match is_still {
            true => self.still_frames + 1,
            false => 0,
        };
        self.previous = Some(grey.clone());
        !is_still
    }

    /// Frames since the last one with motion.
    #[must_use]
    pub fn still_frames(&self) -> u64 {
        self.still_frames
    }

    /// Forgets all frames: the next is the first.
    pub fn reset(&mut self) {
        *self = Self::new(self.threshold);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u32, height: u32, at: impl Fn(u32, u32) -> [u8; 3]) -> SmallGrey {
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let pixels = places.flat_map(|(x, y)| at(x, y)).collect();
        SmallGrey::of(&RgbImage::from_rgb(width, height, pixels).unwrap())
    }

    /// Grey noise of about this size, other with every salt.
    fn noisy(grey: u8, spread: u32, salt: u32) -> impl Fn(u32, u32) -> [u8; 3] {
        move |x, y| {
            let mut bits = (x + y * 4099 + salt * 77_777).wrapping_mul(0x9E37_79B9);
            bits = (bits ^ (bits >> 15)).wrapping_mul(0x85EB_CA6B);
            let noise = (bits >> 16) % (2 * spread + 1);
            [(u32::from(grey) + noise - spread) as u8; 3]
        }
    }

    #[test]
    fn a_cell_is_the_mean_of_its_pixels_in_every_size() {
        for (width, height) in [(1, 1), (64, 48), (63, 47), (65, 1), (1, 500), (641, 479)] {
            let grey = picture(width, height, |_, _| [200, 100, 50]);
            let expected = (77 * 200 + 150 * 100 + 29 * 50 + 128) / 256;
            let is_all = grey.cells().iter().all(|cell| u32::from(*cell) == expected);
            assert!(is_all && grey.cells().len() == 3072, "{width} × {height}");
        }
        let ramp = picture(640, 480, |x, y| [(x / 4) as u8 + (y / 8) as u8; 3]);
        // Along each side the fifth and the tenth of ten pixels are left out: x/4 and y/8 are 0.625 and 0.125 in the mean, and
        // 158.125 and 58.75 in the last cell.
        assert_eq!(ramp.cells()[0], 1);
        assert_eq!(ramp.cells()[3071], 217);
        assert_eq!(picture(4096, 64, |_, _| [255; 3]).cells(), [255; 3072]);
    }

    #[test]
    fn noise_is_less_than_the_threshold_and_a_finger_is_more() {
        let still = picture(640, 480, noisy(120, 12, 1));
        let again = picture(640, 480, noisy(120, 12, 2));
        let noise = still.local_change(&again);
        assert!(noise > 0.3 && noise < STILL_THRESHOLD / 1.5, "{noise}");

        let finger = |left: u32| {
            let background = noisy(120, 12, left);
            move |x: u32, y: u32| {
                let is_finger = (left..left + 12).contains(&x) && (200..250).contains(&y);
                if is_finger {
                    [180; 3]
                } else {
                    background(x, y)
                }
            }
        };
        let (here, there) = (
            picture(640, 480, finger(300)),
            picture(640, 480, finger(315)),
        );
        assert!(here.local_change(&there) > 2.0 * STILL_THRESHOLD);
        assert!(here.mean_change(&there) < here.local_change(&there) / 3.0);
    }

    #[test]
    fn changes_are_in_grey_levels() {
        let (black, white) = (
            picture(64, 48, |_, _| [0; 3]),
            picture(64, 48, |_, _| [255; 3]),
        );
        assert_eq!(black.mean_change(&white), 255.0);
        assert_eq!(white.local_change(&black), 255.0);
        let corner = picture(64, 48, |x, y| [if x < 8 && y < 8 { 48 } else { 0 }; 3]);
        assert_eq!(black.mean_change(&corner), 1.0);
        assert_eq!(black.local_change(&corner), 48.0);
    }

    #[test]
    fn the_gate_counts_what_does_not_move_from_one_frame_to_the_next() {
        let level = |grey: u8| picture(64, 48, move |_, _| [grey; 3]);
        let mut gate = MotionGate::new(2.0);
        let moves: Vec<bool> = [10, 12, 14, 17, 17]
            .map(|grey| gate.sees_motion(&level(grey)))
            .into();
        assert_eq!(moves, [true, false, false, true, false]);
        assert_eq!(gate.still_frames(), 1);
        gate.reset();
        assert!(gate.sees_motion(&level(17)));
    }

    #[test]
    fn it_crosses_to_another_worker_and_nothing_else_does() {
        let grey = picture(640, 480, noisy(90, 20, 5));
        let bytes = postcard::to_allocvec(&grey).unwrap();
        assert_eq!(bytes.len(), 3074);
        assert_eq!(postcard::from_bytes::<SmallGrey>(&bytes), Ok(grey));
        let short = postcard::to_allocvec(&vec![1u8; 3]).unwrap();
        assert!(postcard::from_bytes::<SmallGrey>(&short).is_err());
    }
}
