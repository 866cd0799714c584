//! From a picture to a model's input: crop, rotate, scale and normalise in one pass (HOLISTIC_SPEC §3).
//!
//! Sampling repeats OpenCV's classic bilinear warp exactly: the source position is rounded to 1/32 pixel, the four
//! neighbours are weighted in integers and rounded to 8 bits, only then the value range is applied. There is no
//! anti-aliasing, as in MediaPipe.

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
        Crop { padded, letterbox }
    }

    fn warp(&self, image: &RgbImage, roi: &PixelRoi, input: &mut [f32]) {
        let side = self.input_size;
        let [top_left, across, down] = corner_and_sides(roi);
        let value_of_byte = self.value_of_byte();
        let source = Source::new(image, self.border);
        for (y, row) in input.chunks_exact_mut(side * 3).enumerate() {
            let fraction = y as f64 / side as f64;
            let start = [0, 1].map(|axis| (top_left[axis] + fraction * down[axis]) * STEPS);
            let step = [0, 1].map(|axis| across[axis] / side as f64 * STEPS);
            for (x, pixel) in row.as_chunks_mut::<3>().0.iter_mut().enumerate() {
                let at = [0, 1]
                    .map(|axis| (start[axis] + x as f64 * step[axis]).round_ties_even() as i64);
                *pixel = source
                    .sample(at)
                    .map(|byte| value_of_byte[usize::from(byte)]);
            }
        }
    }

    fn value_of_byte(&self) -> [f32; 256] {
        let [black, white] = self.range;
        let scale = (white - black) / 255.0;
        std::array::from_fn(|byte| byte as f32 * scale + black)
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

/// The top-left corner of a region and the vectors along its top and left side, in pixels.
///
/// ```text
/// corner ── across ──►
///    │
///   down
///    ▼
/// ```
fn corner_and_sides(roi: &PixelRoi) -> [[f64; 2]; 3] {
    let (sin, cos) = libm::sincos(f64::from(roi.rotation));
    let (half_sin, half_cos) = ((sin as f32) * 0.5, (cos as f32) * 0.5);
    let [x, y] = roi.center;
    let (width, height) = (roi.width, roi.height);
    // The corners as cv::RotatedRect::points computes them, in single precision.
    let bottom_left = [
        x - half_sin * height - half_cos * width,
        y + half_cos * height - half_sin * width,
    ];
    let top_left = [
        x + half_sin * height - half_cos * width,
        y - half_cos * height - half_sin * width,
    ];
    let top_right = [2.0 * x - bottom_left[0], 2.0 * y - bottom_left[1]];
    let to = |end: [f32; 2]| [0, 1].map(|axis| f64::from(end[axis]) - f64::from(top_left[axis]));
    [top_left.map(f64::from), to(top_right), to(bottom_left)]
}

/// A picture to sample from.
struct Source<'a> {
    pixels: &'a [[u8; 3]],
    width: i64,
    height: i64,
    border: Border,
}

impl<'a> Source<'a> {
    fn new(image: &'a RgbImage, border: Border) -> Self {
        Self {
            pixels: image.pixels().as_chunks().0,
            width: i64::from(image.width()),
            height: i64::from(image.height()),
            border,
        }
    }

    /// The colour at a position in 1/32 pixels; whole numbers are the pixels themselves.
    fn sample(&self, [x, y]: [i64; 2]) -> [u8; 3] {
        let (column, row) = (x >> 5, y >> 5);
        let (right, below) = ((x & 31) as u32, (y & 31) as u32);
        let is_inside = column >= 0 && row >= 0 && column + 1 < self.width && row + 1 < self.height;
        let [a, b, c, d] = if is_inside {
            let start = (row * self.width + column) as usize;
            let next = start + self.width as usize;
            let (top, bottom) = (&self.pixels[start..start + 2], &self.pixels[next..next + 2]);
            [top[0], top[1], bottom[0], bottom[1]]
        } else {
            [
                self.pixel(column, row),
                self.pixel(column + 1, row),
                self.pixel(column, row + 1),
                self.pixel(column + 1, row + 1),
            ]
        };
        [0, 1, 2].map(|channel| {
            let [a, b, c, d] = [a, b, c, d].map(|pixel| u32::from(pixel[channel]));
            let top = a * (32 - right) + b * right;
            let bottom = c * (32 - right) + d * right;
            ((top * (32 - below) + bottom * below + 512) >> 10) as u8
        })
    }

    fn pixel(&self, column: i64, row: i64) -> [u8; 3] {
        let is_inside = (0..self.width).contains(&column) && (0..self.height).contains(&row);
        if !is_inside && self.border == Border::Zero {
            return [0; 3];
        }
        let column = column.clamp(0, self.width - 1);
        let row = row.clamp(0, self.height - 1);
        self.pixels[(row * self.width + column) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(input_size: usize, keeps_aspect: bool, border: Border) -> CropSpec {
        CropSpec {
            input_size,
            range: [0.0, 255.0],
            keeps_aspect,
            border,
        }
    }

    fn red_ramp(width: u32, height: u32) -> RgbImage {
        let pixels = (0..width * height).flat_map(|n| [n as u8, 0, 0]).collect();
        RgbImage::from_rgb(width, height, pixels).unwrap()
    }

    fn reds(spec: CropSpec, image: &RgbImage, roi: Option<&NormalizedRect>) -> Vec<f32> {
        let mut input = vec![0.0; spec.input_len()];
        spec.crop(image, roi, &mut input);
        input.chunks(3).map(|pixel| pixel[0]).collect()
    }

    #[test]
    fn a_picture_of_the_models_size_passes_unchanged() {
        let image = red_ramp(4, 4);
        let expected: Vec<f32> = (0..16).map(|n| n as f32).collect();
        assert_eq!(reds(spec(4, true, Border::Zero), &image, None), expected);
    }

    #[test]
    fn a_wide_picture_is_letterboxed_and_the_border_is_black_before_the_range() {
        let image = RgbImage::from_rgb(4, 2, vec![255; 24]).unwrap();
        let spec = CropSpec {
            range: [-1.0, 1.0],
            ..spec(4, true, Border::Zero)
        };
        let mut input = vec![0.0; spec.input_len()];
        let crop = spec.crop(&image, None, &mut input);
        assert_eq!(crop.letterbox.vertical, 0.25);
        assert_eq!(crop.letterbox.roi_from_input([0.5, 0.25]), [0.5, 0.0]);
        let column: Vec<f32> = input.chunks(12).map(|row| row[0]).collect();
        assert_eq!(column, [-1.0, 1.0, 1.0, -1.0]);
    }

    #[test]
    fn outside_the_picture_the_edge_is_repeated() {
        let image = red_ramp(4, 2);
        let column: Vec<f32> = reds(spec(4, true, Border::Replicate), &image, None)
            .chunks(4)
            .map(|row| row[1])
            .collect();
        assert_eq!(column, [1.0, 1.0, 5.0, 5.0]);
    }

    #[test]
    fn a_rotated_roi_maps_its_corner_to_the_tensor_origin() {
        let image = red_ramp(5, 5);
        let roi = NormalizedRect {
            x_center: 0.4,
            y_center: 0.4,
            width: 0.4,
            height: 0.4,
            rotation: std::f32::consts::FRAC_PI_2,
        };
        // Centre (2, 2), side 2: a quarter turn clockwise puts the region's top-left corner at (3, 1), its top side
        // runs down.
        let expected = [8.0, 13.0, 7.0, 12.0];
        assert_eq!(
            reds(spec(2, true, Border::Zero), &image, Some(&roi)),
            expected
        );
    }

    #[test]
    fn weights_are_integers_of_a_thirty_second() {
        let image = RgbImage::from_rgb(2, 1, vec![0, 0, 0, 255, 255, 255]).unwrap();
        let source = Source::new(&image, Border::Replicate);
        for (x, expected) in [(0, 0), (1, 8), (16, 128), (31, 247), (32, 255), (40, 255)] {
            assert_eq!(source.sample([x, 0])[0], expected, "at {x}/32");
        }
    }

    #[test]
    fn a_region_far_outside_the_picture_is_all_border() {
        let image = red_ramp(4, 4);
        let roi = NormalizedRect {
            x_center: 1e30,
            y_center: -1e30,
            width: 1e3,
            height: 1e3,
            rotation: 0.3,
        };
        assert_eq!(
            reds(spec(2, true, Border::Zero), &image, Some(&roi)),
            [0.0; 4]
        );
    }
}
