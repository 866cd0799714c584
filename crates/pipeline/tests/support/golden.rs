//! Reading pictures and golden files, and how far two results lie apart.

#![expect(
    clippy::unwrap_used,
    reason = "a golden file that is not as it should be ends the check"
)]

use std::path::{Path, PathBuf};

use live_keypoints_pipeline::Landmarks;
use live_keypoints_pipeline::picture::{DecodeLimits, RgbImage, decode_jpeg};
use live_keypoints_pipeline::rect::{ImageSize, NormalizedRect, wrap_angle};
use serde_json::Value;

pub(super) fn picture_files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let mut files: Vec<PathBuf> = std::fs::read_dir(path)
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

/// A PNG of 8-bit RGB, or a JPEG.
pub(super) fn read_picture(path: &Path) -> RgbImage {
    let bytes = std::fs::read(path).unwrap();
    if path.extension().is_some_and(|e| e == "png") {
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(info.color_type, png::ColorType::Rgb);
        return RgbImage::from_rgb(info.width, info.height, pixels).unwrap();
    }
    decode_jpeg(&bytes, DecodeLimits::default()).unwrap()
}

pub(super) fn rows(value: &Value) -> Vec<Vec<f64>> {
    let rows = value.as_array().unwrap().iter();
    rows.map(|row| {
        row.as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_f64().unwrap())
            .collect()
    })
    .collect()
}

pub(super) fn points(value: &Value) -> Vec<[f32; 2]> {
    rows(value)
        .iter()
        .map(|row| [row[0] as f32, row[1] as f32])
        .collect()
}

pub(super) fn landmarks<const N: usize, const D: usize>(value: &Value) -> Landmarks<N, D> {
    let rows = rows(value);
    Landmarks::from_fn(|n| std::array::from_fn(|d| rows[n][d] as f32))
}

pub(super) fn rect(value: &Value) -> Option<NormalizedRect> {
    let values: Vec<f32> = value
        .as_array()?
        .iter()
        .map(|v| v.as_f64().unwrap() as f32)
        .collect();
    let [x_center, y_center, width, height, rotation] = values[..] else {
        panic!("{value}");
    };
    Some(NormalizedRect {
        x_center,
        y_center,
        width,
        height,
        rotation,
    })
}

pub(super) fn xy<const D: usize>(points: &[[f32; D]]) -> Vec<[f32; 2]> {
    points.iter().map(|p| [p[0], p[1]]).collect()
}

pub(super) fn distances(own: &[[f32; 2]], expected: &[[f32; 2]], size: ImageSize) -> Vec<f64> {
    assert_eq!(own.len(), expected.len());
    let distance = |(a, b): (&[f32; 2], &[f32; 2])| {
        let x = (f64::from(a[0]) - f64::from(b[0])) * f64::from(size.width);
        let y = (f64::from(a[1]) - f64::from(b[1])) * f64::from(size.height);
        x.hypot(y)
    };
    own.iter().zip(expected).map(distance).collect()
}

pub(super) fn millimetres(own: &[[f32; 4]], expected: &[Vec<f64>]) -> Vec<f64> {
    let difference = |(a, b): (&[f32; 4], &Vec<f64>)| {
        let axis = |n: usize| (f64::from(a[n]) - b[n]).abs() * 1000.0;
        axis(0).max(axis(1)).max(axis(2))
    };
    own.iter().zip(expected).map(difference).collect()
}

/// The largest difference of centre, sides and (at the rim) rotation.
pub(super) fn rect_distance(own: NormalizedRect, expected: NormalizedRect, size: ImageSize) -> f64 {
    let (width, height) = size.as_f32();
    let turn = wrap_angle(own.rotation - expected.rotation) * width * expected.width / 2.0;
    let differences = [
        (own.x_center - expected.x_center) * width,
        (own.y_center - expected.y_center) * height,
        (own.width - expected.width) * width,
        (own.height - expected.height) * height,
        turn,
    ];
    differences
        .into_iter()
        .map(|v| f64::from(v.abs()))
        .fold(0.0, f64::max)
}
