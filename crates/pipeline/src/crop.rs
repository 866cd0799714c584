//! From a picture to a model's input: crop, rotate, scale and normalise in one pass (HOLISTIC_SPEC §3).
//!
//! Sampling repeats OpenCV's classic bilinear warp exactly: the source position is rounded to 1/32 pixel, the four
//! neighbours are weighted in integers and rounded to 8 bits, only then the value range is applied. There is no
//! anti-aliasing, as in MediaPipe.

use crate::inference::kernels::{self, Pixels, RUN, RowMap};
use crate::numeric::sin_cos;
use crate::picture::RgbImage;
use crate::rect::NormalizedRect;

/// What lies outside the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Border {
    /// Black (the value 0 before the range is applied).
    Zero,
    /// The nearest pixel of the edge.
    Replicate,
}

/// How a model wants its input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CropSpec {
    /// Side of the square input in pixels.
    pub input_size: usize,
    /// Values of black and white.
    pub range: [f32; 2],
    /// Whether the region is enlarged to a square first, so that nothing is stretched.
    pub keeps_aspect: bool,
    /// What lies outside the picture.
    pub border: Border,
}

/// A region in pixels of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PixelRoi {
    /// Centre.
    pub center: [f32; 2],
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
    /// Radians, clockwise.
    pub rotation: f32,
}

/// What was added around a region to make it square, in fractions of the input.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Letterbox {
    /// On the left and again on the right.
    pub horizontal: f32,
    /// At the top and again at the bottom.
    pub vertical: f32,
}

impl Letterbox {
    /// Maps a point of the input (0..=1) into the region without the padding.
    #[must_use]
    pub fn roi_from_input(self, [x, y]: [f32; 2]) -> [f32; 2] {
        [
            (x - self.horizontal) / (1.0 - 2.0 * self.horizontal),
            (y - self.vertical) / (1.0 - 2.0 * self.vertical),
        ]
    }

    /// z scales like x.
    #[must_use]
    pub fn roi_depth_from_input(self, z: f32) -> f32 {
        z / (1.0 - 2.0 * self.horizontal)
    }
}

/// A region that was cropped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crop {
    /// The region with its padding.
    pub padded: PixelRoi,
    /// The padding.
    pub letterbox: Letterbox,
    /// Side of the input in pixels.
    pub input_size: usize,
}

impl CropSpec {
    /// Number of values of the input: `[1, input_size, input_size, 3]`, NHWC.
    #[must_use]
    pub fn input_len(&self) -> usize {
        self.input_size * self.input_size * 3
    }

    /// Crops `roi`, or the whole picture, into `input`, which has [`input_len`](Self::input_len) values.
    pub fn crop(&self, image: &RgbImage, roi: Option<&NormalizedRect>, input: &mut [f32]) -> Crop {
        assert_eq!(
            input.len(),
            self.input_len(),
            "the input has the model's size"
        );
        let crop = self.padded(pixel_roi(image, roi));
        self.warp(image, &crop.padded, input);
        crop
    }

    fn padded(&self, roi: PixelRoi) -> Crop {
        let mut padded = roi;
        let mut letterbox = Letterbox::default();
        if self.keeps_aspect {
            let ratio = roi.height / roi.width;
            if ratio < 1.0 {
                padded.height = roi.width;
                letterbox.vertical = (1.0 - ratio) / 2.0;
            } else {
                padded.width = roi.height;
                letterbox.horizontal = (1.0 - 1.0 / ratio) / 2.0;
            }
        }
        Crop {
            padded,
            letterbox,
            input_size: self.input_size,
        }
    }

    fn warp(&self, image: &RgbImage, roi: &PixelRoi, input: &mut [f32]) {
        let side = self.input_size;
        let picture_from_input = Projection::from_unit_square(corners(roi)).per_step(side);
        let value_of_byte = self.value_of_byte();
        let source = Source::new(image, self.border);
        for (y, row) in input.chunks_exact_mut(side * 3).enumerate() {
            let map = picture_from_input.row(y as f64);
            let pixels = row.as_chunks_mut::<3>().0;
            for (run, pixels) in pixels.chunks_mut(RUN).enumerate() {
                let at = kernels::positions(&map, run * RUN);
                if !kernels::blend(source.pixels(), &at, self.scale_and_black(), pixels) {
                    for (index, pixel) in pixels.iter_mut().enumerate() {
                        let bytes = source.sample([at.x[index], at.y[index]]);
                        *pixel = bytes.map(|byte| value_of_byte[usize::from(byte)]);
                    }
                }
            }
        }
    }

    /// What a byte is multiplied by, and what black is.
    fn scale_and_black(&self) -> [f32; 2] {
        let [black, white] = self.range;
        [(white - black) / 255.0, black]
    }

    /// Product and sum are rounded once, as in the fused multiply-add of OpenCV's conversion.
    fn value_of_byte(&self) -> [f32; 256] {
        let [scale, black] = self.scale_and_black();
        std::array::from_fn(|byte| (byte as f64 * f64::from(scale) + f64::from(black)) as f32)
    }
}

/// Positions are rounded to this part of a pixel.
const STEPS: f64 = 32.0;

fn pixel_roi(image: &RgbImage, roi: Option<&NormalizedRect>) -> PixelRoi {
    let (width, height) = image.size().as_f32();
    match roi {
        None => PixelRoi {
            center: [width / 2.0, height / 2.0],
            width,
            height,
            rotation: 0.0,
        },
        Some(rect) => PixelRoi {
            center: [rect.x_center * width, rect.y_center * height],
            width: rect.width * width,
            height: rect.height * height,
            rotation: rect.rotation,
        },
    }
}

/// The corners of a region in pixels: top left, top right, bottom right, bottom left, as `cv::RotatedRect::points`
/// computes them, in single precision.
fn corners(roi: &PixelRoi) -> [[f64; 2]; 4] {
    let (sin, cos) = sin_cos(roi.rotation);
    let (half_sin, half_cos) = (sin * 0.5, cos * 0.5);
    let [x, y] = roi.center;
    let (width, height) = (roi.width, roi.height);
    let bottom_left = [
        x - half_sin * height - half_cos * width,
        y + half_cos * height - half_sin * width,
    ];
    let top_left = [
        x + half_sin * height - half_cos * width,
        y - half_cos * height - half_sin * width,
    ];
    let opposite = |corner: [f32; 2]| [2.0 * x - corner[0], 2.0 * y - corner[1]];
    let (top_right, bottom_right) = (opposite(bottom_left), opposite(top_left));
    [top_left, top_right, bottom_right, bottom_left].map(|corner| corner.map(f64::from))
}

/// A map from the plane of the input to the picture. It is affine but for the rounding of the corners, which makes the
/// region not quite a parallelogram; OpenCV maps all four corners exactly, and so does this.
#[derive(Clone, Copy, Debug)]
struct Projection {
    /// (x, y) in the picture of the origin, and what each input axis adds.
    origin: [f64; 2],
    along_x: [f64; 2],
    along_y: [f64; 2],
    /// What each input axis adds to the divisor, which is 1 at the origin.
    divisor: [f64; 2],
}

impl Projection {
    /// The map of the unit square to the corners (0, 0), (1, 0), (1, 1), (0, 1).
    fn from_unit_square([origin, right, diagonal, down]: [[f64; 2]; 4]) -> Self {
        let minus = |a: [f64; 2], b: [f64; 2]| [a[0] - b[0], a[1] - b[1]];
        let cross = |a: [f64; 2], b: [f64; 2]| a[0] * b[1] - a[1] * b[0];
        let skew = minus(minus(origin, right), minus(down, diagonal));
        let (to_right, to_down) = (minus(right, diagonal), minus(down, diagonal));
        let area = cross(to_right, to_down);
        let divisor = [cross(skew, to_down) / area, cross(to_right, skew) / area];
        let along = |end: [f64; 2], divisor: f64| {
            [0, 1].map(|axis| end[axis] - origin[axis] + divisor * end[axis])
        };
        Self {
            origin,
            along_x: along(right, divisor[0]),
            along_y: along(down, divisor[1]),
            divisor,
        }
    }

    /// The same from pixels of an input of `side` × `side` to [`STEPS`] of a pixel.
    fn per_step(self, side: usize) -> Self {
        let side = side as f64;
        let scaled = |vector: [f64; 2], factor: f64| vector.map(|value| value * factor);
        Self {
            origin: scaled(self.origin, STEPS),
            along_x: scaled(self.along_x, STEPS / side),
            along_y: scaled(self.along_y, STEPS / side),
            divisor: scaled(self.divisor, 1.0 / side),
        }
    }

    /// The map of one row.
    fn row(self, y: f64) -> RowMap {
        RowMap {
            start: [0, 1].map(|axis| self.origin[axis] + y * self.along_y[axis]),
            along: self.along_x,
            // The divisor is 1 within 1e-6, so 1 / (1 + d) is 1 − d to the last bits.
            start_divisor: y * self.divisor[1],
            divisor: self.divisor[0],
        }
    }
}

/// A picture to sample from.
struct Source<'a> {
    pixels: &'a [[u8; 3]],
    width: i32,
    height: i32,
    border: Border,
}

impl<'a> Source<'a> {
    fn new(image: &'a RgbImage, border: Border) -> Self {
        Self {
            pixels: image.pixels().as_chunks().0,
            width: image.width().cast_signed(),
            height: image.height().cast_signed(),
            border,
        }
    }

    fn pixels(&self) -> Pixels<'a> {
        Pixels {
            bytes: self.pixels.as_flattened(),
            width: self.width as usize,
            height: self.height as usize,
        }
    }

    /// The colour at a position in 1/32 pixels; whole numbers are the pixels themselves.
    fn sample(&self, [x, y]: [i32; 2]) -> [u8; 3] {
        let (column, row) = (x >> 5, y >> 5);
        let (right, below) = ((x & 31) as u64, (y & 31) as u64);
        let is_inside = column >= 0 && row >= 0 && column + 1 < self.width && row + 1 < self.height;
        let [a, b, c, d] = if is_inside {
            let width = self.width as usize;
            let start = row as usize * width + column as usize;
            let (top, bottom) = (
                &self.pixels[start..start + 2],
                &self.pixels[start + width..start + width + 2],
            );
            [top[0], top[1], bottom[0], bottom[1]]
        } else {
            let is_far = column < -1 || row < -1 || column >= self.width || row >= self.height;
            if is_far && self.border == Border::Zero {
                return [0; 3];
            }
            [
                self.pixel(column, row),
                self.pixel(column + 1, row),
                self.pixel(column, row + 1),
                self.pixel(column + 1, row + 1),
            ]
        }
        .map(side_by_side);
        let top = a * (32 - right) + b * right;
        let bottom = c * (32 - right) + d * right;
        let sum = top * (32 - below) + bottom * below + side_by_side_of(512);
        [0, 1, 2].map(|channel| (sum >> (LANE_BITS * channel + 10)) as u8)
    }

    fn pixel(&self, column: i32, row: i32) -> [u8; 3] {
        let is_inside = (0..self.width).contains(&column) && (0..self.height).contains(&row);
        if !is_inside && self.border == Border::Zero {
            return [0; 3];
        }
        let column = column.clamp(0, self.width - 1) as usize;
        let row = row.clamp(0, self.height - 1) as usize;
        self.pixels[row * self.width as usize + column]
    }
}

/// A weighted sum of bytes is below 255 · 32 · 32 + 512 < 2¹⁸, so three of them fit into one integer and are computed
/// together.
const LANE_BITS: u32 = 21;

fn side_by_side([red, green, blue]: [u8; 3]) -> u64 {
    u64::from(red) | u64::from(green) << LANE_BITS | u64::from(blue) << (2 * LANE_BITS)
}

/// The same value in each lane.
const fn side_by_side_of(value: u64) -> u64 {
    value | value << LANE_BITS | value << (2 * LANE_BITS)
}

#[cfg(test)]
mod tests;
