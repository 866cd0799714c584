//! Hundreds of generated pictures beside libjpeg-turbo: the same ones are decoded, to nearly the same pixels.
//!
//! `reference.txt` says what libjpeg-turbo made of each; `python3 reference.py` in this folder makes it anew, after a
//! change of the generator. Pixels are compared as means of cells of 16 × 16 pixels, upright: both decoders round
//! differently in the inverse transform and in upsampling.

#![expect(clippy::unwrap_used, reason = "a test ends where its own set-up fails")]

mod cases;
mod exif;
mod markers;
mod segments;

use std::fmt::Write as _;
use std::path::Path;

use live_keypoints_pipeline::picture::{DecodeLimits, RgbImage, decode_jpeg};
use live_keypoints_pipeline::{ErrorCode, PictureError};

use cases::{Case, cases};

/// Side of a cell in pixels.
const CELL: usize = 16;
/// Of a cell's mean, in grey levels: chroma is upsampled by other filters, which shows at the edges of a cell.
const TOLERANCE: f64 = 4.0;

/// More of it where a scan of single coefficients lacks data: libjpeg reads zero bits as codes, for one block.
const NOISE: f64 = 2.0;

/// FNV-1a, to see that a line of the reference is of these very bytes.
fn digest(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3);
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, step)
}

/// Red, green and blue of each cell, row by row.
fn cell_means(image: &RgbImage) -> Vec<f64> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let mut means = Vec::new();
    for top in (0..height).step_by(CELL) {
        for left in (0..width).step_by(CELL) {
            let (right, bottom) = (width.min(left + CELL), height.min(top + CELL));
            for channel in 0..3 {
                let samples = (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y)));
                let samples = samples.map(|(x, y)| image.pixels()[(y * width + x) * 3 + channel]);
                let sum: f64 = samples.map(f64::from).sum();
                means.push(sum / ((right - left) * (bottom - top)) as f64);
            }
        }
    }
    means
}

/// What libjpeg-turbo made of a case: width, height and cell means, or nothing.
type Expected = Option<(u32, u32, Vec<f64>)>;

fn expected_of(case: &Case, line: &str) -> Expected {
    let words: Vec<&str> = line.split(' ').collect();
    let digest = format!("{:016x}", digest(&case.bytes));
    assert_eq!(words[..2], [&*case.name, &*digest], "run reference.py");
    let [size, means] = words[2..] else {
        assert_eq!(words[2..], ["refused"]);
        return None;
    };
    let (width, height) = size.split_once('x').unwrap();
    let means = (0..means.len()).step_by(2);
    let means = means.map(|at| {
        u8::from_str_radix(&words[3][at..at + 2], 16)
            .unwrap()
            .into()
    });
    Some((
        width.parse().unwrap(),
        height.parse().unwrap(),
        means.collect(),
    ))
}

/// Where what is decoded differs from libjpeg on purpose.
fn by_our_rules(case: &Case, expected: Expected) -> Result<Expected, ErrorCode> {
    let name = &*case.name;
    // A cut-off picture is an error here and not a half grey frame.
    let is_cut = name.starts_with("cut/")
        || (name.starts_with("end-missing/") && name.contains("progressive"))
        // Restart markers without an interval: libjpeg shows what is before the first.
        || name.starts_with("restart/no-interval");
    if is_cut {
        Err(ErrorCode::MalformedPicture)
    } else {
        Ok(expected)
    }
}

fn complaint(case: &Case, expected: Expected) -> Option<String> {
    let decoded = decode_jpeg(&case.bytes, DecodeLimits::default());
    let found = match (by_our_rules(case, expected), decoded) {
        (Err(code), Err(error)) if error.code() == code => return None,
        (Err(code), decoded) => format!("{:?} instead of {code}", decoded.map(|_| ())),
        (Ok(None), Err(PictureError::Malformed { .. } | PictureError::Unsupported { .. })) => {
            return None;
        }
        (Ok(Some((width, height, means))), Ok(image)) => {
            let size = (image.width(), image.height());
            let found = cell_means(&image);
            let difference = found.iter().zip(&means).map(|(a, b)| (a - b).abs());
            let greatest = difference.fold(0.0, f64::max);
            let tolerance = match case.name.starts_with("refinement/") {
                true => TOLERANCE + NOISE,
                false => TOLERANCE,
            };
            if size == (width, height) && found.len() == means.len() && greatest <= tolerance {
                return None;
            }
            format!("{size:?}, {greatest:.1} grey levels")
        }
        (Ok(Some(_)), Err(error)) => format!("{error}"),
        (Ok(None), decoded) => format!("{:?} instead of an error", decoded.map(|_| ())),
    };
    Some(format!("{}: {found}", case.name))
}

#[test]
fn odd_pictures_are_decoded_as_libjpeg_turbo_does() {
    if let Some(folder) = std::env::var_os("WRITE_JPEG_ODDITIES") {
        return write_cases(folder.as_ref(), &cases());
    }
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/jpeg_oddities/reference.txt");
    let reference = std::fs::read_to_string(reference).unwrap();
    let lines: Vec<&str> = reference
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    let cases = cases();
    assert_eq!(lines.len(), cases.len(), "run reference.py");
    let complaints: Vec<String> = cases
        .iter()
        .zip(lines)
        .filter_map(|(case, line)| complaint(case, expected_of(case, line)))
        .collect();
    assert!(
        complaints.is_empty(),
        "{} of {}:\n{}",
        complaints.len(),
        cases.len(),
        complaints.join("\n")
    );
}

/// For `reference.py`: each case as a file in a folder, and their list.
fn write_cases(folder: &Path, cases: &[Case]) {
    let mut list = String::new();
    for (number, case) in cases.iter().enumerate() {
        std::fs::write(folder.join(format!("{number}.jpg")), &case.bytes).unwrap();
        let digest = digest(&case.bytes);
        writeln!(list, "{} {digest:016x} {}", case.name, case.orientation).unwrap();
    }
    std::fs::write(folder.join("list.txt"), list).unwrap();
}
