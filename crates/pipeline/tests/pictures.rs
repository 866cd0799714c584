//! JPEG in every kind that cameras and programs write, and in every way broken.

#![expect(clippy::unwrap_used, reason = "a test ends where its own set-up fails")]

use std::path::Path;

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use live_keypoints_pipeline::picture::{
    DecodeLimits, FAST_SIDE, RgbImage, decode_jpeg, decode_jpeg_fast,
};
use live_keypoints_pipeline::{ErrorCode, PictureError};

const WIDTH: u16 = 40;
const HEIGHT: u16 = 24;

/// A smooth picture, so that compression changes little: red grows to the right, green downwards.
fn rgb_at(x: u16, y: u16) -> [u8; 3] {
    [(x * 6) as u8, (y * 10) as u8, 128]
}

fn samples(sample: impl Fn(u16, u16) -> Vec<u8>) -> Vec<u8> {
    (0..HEIGHT)
        .flat_map(|y| (0..WIDTH).map(move |x| (x, y)))
        .flat_map(|(x, y)| sample(x, y))
        .collect()
}

fn encoded(
    data: &[u8],
    color: ColorType,
    change: impl FnOnce(&mut Encoder<&mut Vec<u8>>),
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 98);
    change(&mut encoder);
    encoder.encode(data, WIDTH, HEIGHT, color).unwrap();
    bytes
}

fn rgb_jpeg(change: impl FnOnce(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    encoded(
        &samples(|x, y| rgb_at(x, y).to_vec()),
        ColorType::Rgb,
        change,
    )
}

fn decode(bytes: &[u8]) -> Result<RgbImage, PictureError> {
    decode_jpeg(bytes, DecodeLimits::default())
}

fn assert_looks_like(bytes: &[u8], expected: impl Fn(u16, u16) -> [u8; 3]) {
    let image = decode(bytes).unwrap();
    assert_eq!(
        (image.width(), image.height()),
        (WIDTH.into(), HEIGHT.into())
    );
    let expected = samples(|x, y| expected(x, y).to_vec());
    let differences = image
        .pixels()
        .iter()
        .zip(&expected)
        .map(|(a, b)| u32::from(a.abs_diff(*b)));
    let mean = f64::from(differences.sum::<u32>()) / expected.len() as f64;
    assert!(mean < 4.0, "the mean difference is {mean} grey levels");
}

#[test]
fn baseline_progressive_and_subsampled_pictures_are_decoded() {
    assert_looks_like(&rgb_jpeg(|_| {}), rgb_at);
    assert_looks_like(&rgb_jpeg(|e| e.set_progressive(true)), rgb_at);
    assert_looks_like(
        &rgb_jpeg(|e| e.set_sampling_factor(SamplingFactor::F_2_2)),
        rgb_at,
    );
    assert_looks_like(&rgb_jpeg(|e| e.set_restart_interval(2)), rgb_at);
}

#[test]
fn grey_pictures_become_three_equal_channels() {
    let grey = |x: u16, y: u16| (x * 3 + y * 4) as u8;
    let data = samples(|x, y| vec![grey(x, y)]);
    assert_looks_like(&encoded(&data, ColorType::Luma, |_| {}), |x, y| {
        [grey(x, y); 3]
    });
}

#[test]
fn cmyk_and_ycck_pictures_of_adobes_kind_are_decoded() {
    // The encoder takes ink as it is stored by Adobe: inverted, 255 is no ink.
    let light = |x: u16, y: u16| {
        let [r, g, b] = rgb_at(x, y);
        vec![255 - r, 255 - g, 255 - b, 0]
    };
    let data = samples(light);
    let cmyk = encoded(&data, ColorType::Cmyk, |_| {});
    let ycck = encoded(&data, ColorType::CmykAsYcck, |_| {});
    assert_looks_like(&cmyk, rgb_at);
    assert_looks_like(&ycck, rgb_at);
}

/// The JPEG with an Exif block that says this orientation.
fn oriented(jpeg: &[u8], value: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([value, 0, 0, 0, 0, 0, 0, 0]);
    let mut bytes = jpeg[..2].to_vec();
    bytes.extend([0xFF, 0xE1]);
    bytes.extend(((exif.len() + 2) as u16).to_be_bytes());
    bytes.extend(exif);
    bytes.extend(&jpeg[2..]);
    bytes
}

#[test]
fn exif_orientation_turns_the_picture_upright() {
    let with_orientation = |value| decode(&oriented(&rgb_jpeg(|_| {}), value)).unwrap();
    let straight = with_orientation(1);
    let turned = with_orientation(6);
    assert_eq!(
        (turned.width(), turned.height()),
        (HEIGHT.into(), WIDTH.into())
    );
    // Orientation 6: the stored top-left corner is shown at the top right.
    let last = (turned.width() as usize - 1) * 3;
    assert_eq!(turned.pixels()[last..last + 3], straight.pixels()[..3]);
}

#[test]
fn fast_decoding_leaves_enough_pixels_of_the_same_picture_and_tells_the_whole_size() {
    let encoded = |width: u16, height: u16, is_progressive| {
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let pixels: Vec<u8> = pixels
            .flat_map(|(x, y)| [(x / 16) as u8, (y / 16) as u8, 99])
            .collect();
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, 95);
        encoder.set_progressive(is_progressive);
        encoder.set_sampling_factor(SamplingFactor::F_2_2);
        encoder
            .encode(&pixels, width, height, ColorType::Rgb)
            .unwrap();
        bytes
    };
    // Longer side 1918: nothing is left out. Then a half, the same upright, a quarter, and with odd sides.
    for (width, height, divisor, orientation) in [
        (1918, 40, 1, 1),
        (1920, 1080, 2, 1),
        (40, 1920, 2, 6),
        (3840, 64, 4, 1),
        (2001, 1501, 2, 8),
    ] {
        for is_progressive in [false, true] {
            let jpeg = oriented(&encoded(width, height, is_progressive), orientation);
            let exact = decode(&jpeg).unwrap();
            let (fast, size) = decode_jpeg_fast(&jpeg, DecodeLimits::default()).unwrap();
            assert_eq!(size, exact.size());
            let reduced = (size.width.div_ceil(divisor), size.height.div_ceil(divisor));
            assert_eq!((fast.width(), fast.height()), reduced);
            assert!(divisor == 1 || fast.width().max(fast.height()) >= FAST_SIDE.into());
            for (x, y) in [(0, 0), (fast.width() / 2, fast.height() / 3)] {
                let at = |image: &RgbImage, x: u32, y: u32| {
                    let start = ((y * image.width() + x) * 3) as usize;
                    [0, 1, 2].map(|channel| image.pixels()[start + channel])
                };
                let (found, expected) = (at(&fast, x, y), at(&exact, x * divisor, y * divisor));
                let is_near = found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) < 6);
                assert!(
                    is_near,
                    "{found:?} instead of {expected:?} in {width}×{height}"
                );
            }
        }
    }
}

#[test]
fn what_is_no_jpeg_is_told_by_its_code() {
    let code = |bytes: &[u8]| decode(bytes).unwrap_err().code();
    assert_eq!(code(b""), ErrorCode::EmptyFrame);
    assert_eq!(code(b"\x89PNG\r\n\x1a\n"), ErrorCode::NotAJpeg);
    assert_eq!(code(b"\xFF"), ErrorCode::NotAJpeg);
    assert_eq!(code(b"/9j/4AAQSkZJRgABAQAAAQ=="), ErrorCode::NotAJpeg);
    assert_eq!(code(b"\xFF\xD8"), ErrorCode::MalformedPicture);
    assert_eq!(code(b"\xFF\xD8\xFF\xD9"), ErrorCode::MalformedPicture);
    let jpeg = rgb_jpeg(|_| {});
    let header_only = &jpeg[..jpeg.len() / 4];
    assert_eq!(code(header_only), ErrorCode::MalformedPicture);
}

#[test]
fn a_cut_off_picture_is_an_error_and_not_a_half_grey_frame() {
    for jpeg in [rgb_jpeg(|_| {}), rgb_jpeg(|e| e.set_progressive(true))] {
        let cut = &jpeg[..jpeg.len() * 3 / 4];
        assert_eq!(decode(cut).unwrap_err().code(), ErrorCode::MalformedPicture);
    }
}

#[test]
fn what_is_not_decoded_is_unsupported_and_not_malformed() {
    let changed = |offset: usize, value: u8| {
        let mut bytes = rgb_jpeg(|_| {});
        let frame = bytes.windows(2).position(|m| m == [0xFF, 0xC0]).unwrap();
        bytes[frame + offset] = value;
        decode(&bytes).unwrap_err().code()
    };
    // Lossless, hierarchical and arithmetic coding, by the marker.
    for sof in [
        0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF, 0xF7, 0xDE,
    ] {
        assert_eq!(
            changed(1, sof),
            ErrorCode::UnsupportedPicture,
            "FF{sof:02X}"
        );
    }
    // Bits a sample.
    assert_eq!(changed(4, 12), ErrorCode::UnsupportedPicture);
    assert_eq!(changed(4, 16), ErrorCode::UnsupportedPicture);
    assert_eq!(changed(4, 0), ErrorCode::MalformedPicture);
    // A sampling factor of 5, and fewer components than the header's length says.
    assert_eq!(changed(11, 0x51), ErrorCode::MalformedPicture);
    assert_eq!(changed(9, 2), ErrorCode::MalformedPicture);
    let mut of_two = rgb_jpeg(|_| {});
    let frame = of_two.windows(2).position(|m| m == [0xFF, 0xC0]).unwrap();
    of_two[frame + 3] = 14;
    of_two[frame + 9] = 2;
    of_two.drain(frame + 16..frame + 19);
    assert_eq!(
        decode(&of_two).unwrap_err().code(),
        ErrorCode::UnsupportedPicture
    );
    assert_eq!(
        decode(&with_size(&rgb_jpeg(|_| {}), 40, 0))
            .unwrap_err()
            .code(),
        ErrorCode::UnsupportedPicture
    );
    assert_eq!(
        decode(&with_size(&rgb_jpeg(|_| {}), 0, 40))
            .unwrap_err()
            .code(),
        ErrorCode::MalformedPicture
    );
}

/// A header that promises width × height pixels, with the scan of a small picture behind it.
fn with_size(jpeg: &[u8], width: u16, height: u16) -> Vec<u8> {
    let mut bytes = jpeg.to_vec();
    let frame = bytes
        .windows(2)
        .position(|m| m == [0xFF, 0xC0] || m == [0xFF, 0xC2])
        .unwrap();
    bytes[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    bytes[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    bytes
}

#[test]
fn a_huge_picture_is_refused_from_its_header() {
    for jpeg in [rgb_jpeg(|_| {}), rgb_jpeg(|e| e.set_progressive(true))] {
        let huge = with_size(&jpeg, 65_535, 65_535);
        let error = decode(&huge).unwrap_err();
        assert_eq!(error.code(), ErrorCode::TooManyPixels);
        assert!(error.to_string().contains("65535×65535"), "{error}");
    }
    let jpeg = rgb_jpeg(|_| {});
    let count = u64::from(WIDTH) * u64::from(HEIGHT);
    let limit = |max_pixels| DecodeLimits {
        max_pixels,
        ..DecodeLimits::default()
    };
    assert!(decode_jpeg(&jpeg, limit(count)).is_ok());
    assert!(decode_jpeg(&jpeg, limit(count - 1)).is_err());
    let short = DecodeLimits {
        max_bytes: jpeg.len() - 1,
        ..DecodeLimits::default()
    };
    assert_eq!(
        decode_jpeg(&jpeg, short).unwrap_err().code(),
        ErrorCode::TooManyBytes
    );
}

#[test]
fn a_picture_of_one_pixel_is_decoded() {
    let mut bytes = Vec::new();
    Encoder::new(&mut bytes, 100)
        .encode(&[200, 200, 200], 1, 1, ColorType::Rgb)
        .unwrap();
    let image = decode(&bytes).unwrap();
    assert_eq!((image.width(), image.height()), (1, 1));
    assert!(image.pixels().iter().all(|value| value.abs_diff(200) < 3));
}

/// xorshift64*, so that a failing seed can be run again anywhere.
fn random(state: &mut u64) -> u64 {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    state.wrapping_mul(0x2545_F491_4F6C_DD1D)
}

#[test]
fn thousands_of_bit_flipped_pictures_give_a_result_or_an_error() {
    let real = std::fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/clips/fingers/000.jpg"),
    )
    .unwrap();
    let sources = [
        rgb_jpeg(|_| {}),
        rgb_jpeg(|e| e.set_progressive(true)),
        real,
    ];
    let (mut decoded, mut refused) = (0, 0);
    for seed in 1..=2_000u64 {
        for (number, source) in sources.iter().enumerate() {
            let mut state = seed * 3 + number as u64;
            let mut bytes = source.clone();
            for _ in 0..1 + random(&mut state) % 8 {
                let bit = random(&mut state) as usize % (bytes.len() * 8);
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
            match decode(&bytes) {
                Ok(_) => decoded += 1,
                Err(_) => refused += 1,
            }
        }
    }
    // Both ways out must have been taken often, or the flips did not reach the decoder.
    assert!(
        decoded > 500 && refused > 500,
        "{decoded} decoded, {refused} refused"
    );
}
