//! Pictures of few bytes that ask for much: refused from their headers, or given up once the caller says so.

#![expect(clippy::unwrap_used, reason = "a test ends where its own set-up fails")]

#[path = "support/hostile.rs"]
mod hostile;

use std::cell::Cell;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use hostile::{frame, jpeg, quantization, scan, segment, table};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use live_keypoints_pipeline::picture::{
    DecodeEstimate, DecodeLimits, decode_jpeg, decode_jpeg_while, estimate_jpeg,
};
use live_keypoints_pipeline::{ErrorCode, PictureError};

/// Far above what any of them takes, and far below what the work would take that is refused.
const PATIENCE: Duration = Duration::from_secs(60);

fn code_of(picture: Vec<u8>) -> Option<ErrorCode> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let decoded = decode_jpeg(&picture, DecodeLimits::default());
        sender.send(decoded.err().map(|error| error.code()))
    });
    receiver.recv_timeout(PATIENCE).unwrap()
}

/// Grey and progressive: `scans` that refine nothing, 29 bits for each 32,767 blocks.
fn refinements(side: u16, scans: usize) -> Vec<u8> {
    let runs = usize::from(side / 8).pow(2) / 32_767;
    let mut bits = ("0".to_owned() + &"1".repeat(14)).repeat(runs) + &"0".repeat(15);
    bits += &"1".repeat(bits.len().next_multiple_of(8) - bits.len());
    let byte = |at: usize| u8::from_str_radix(&bits[at..at + 8], 2);
    let bytes = (0..bits.len()).step_by(8).flat_map(byte);
    let data: Vec<u8> = bytes
        .flat_map(|byte| [byte, 0].into_iter().take(1 + usize::from(byte == 0xFF)))
        .collect();
    let one = [scan(&[1], [1, 63], 0x21), data].concat();
    let mut segments = vec![quantization(), frame(0xC2, (side, side), &[0x11])];
    let mut runs_only = vec![0x10, 1, 1];
    runs_only.extend([0; 14]);
    runs_only.extend([0xE0, 0]);
    segments.push(segment(0xC4, &runs_only));
    segments.extend(vec![one; scans]);
    jpeg(&segments)
}

#[test]
fn lossless_pictures_and_hundreds_of_scans_are_refused_from_the_header() {
    let empty_scan = scan(&[1, 2, 3, 4], [1, 0], 0);
    let lossless = [
        vec![frame(0xC3, (4096, 4096), &[0x11; 4]), table(0, 1, 0)],
        vec![empty_scan; 20],
    ];
    let refused = Some(ErrorCode::UnsupportedPicture);
    assert_eq!(code_of(jpeg(&lossless.concat())), refused);
    assert_eq!(code_of(refinements(4096, 400)), refused);
    assert_eq!(code_of(refinements(4096, 33)), refused);
    // As many are fine where the picture is small, up to a limit.
    assert_eq!(code_of(refinements(64, 400)), None);
    assert_eq!(code_of(refinements(64, 501)), refused);
}

#[test]
fn a_scan_for_each_coefficient_is_fine() {
    let (width, height) = (1280, 720);
    let mut scans = vec![scan(&[1, 2, 3], [0, 0], 0)];
    for component in 1..=3 {
        for index in 1..=63 {
            scans.push(scan(&[component], [index, index], 0));
        }
    }
    let tables = [quantization(), table(0, 1, 0), table(0x10, 1, 0)];
    let frame = vec![frame(0xC2, (width, height), &[0x22, 0x11, 0x11])];
    assert_eq!(code_of(jpeg(&[&tables[..], &frame, &scans].concat())), None);
}

/// Files of 8 MiB, and pictures of up to 4096² pixels.
#[test]
fn work_is_bounded_by_length_and_pixels_wherever_it_hides() {
    let filled = |unit: Vec<u8>| unit.repeat((8 << 20) / unit.len());
    // A zero is a coefficient, and not the end of a block.
    let with = |more: &[Vec<u8>]| {
        let tables = [quantization(), table(0, 8, 0), table(0x10, 8, 1)];
        jpeg(&[&tables[..], more].concat())
    };
    let picture = |size, sampling: &[u8]| {
        let ids: Vec<u8> = (1..).take(sampling.len()).collect();
        let scans = ids.iter().flat_map(|id| scan(&[*id], [0, 63], 0));
        [frame(0xC1, size, sampling), scans.collect()].concat()
    };
    let small = || picture((64, 64), &[0x11]);
    let padded = |unit: Vec<u8>| with(&[filled(unit), small()]);
    let each_block_restarts = segment(0xDD, &[0, 1]);
    let tables_of_a_segment = [&[0x10, 1][..], &[0; 16]].concat().repeat(3640);
    let long_codes_only = [table(0, 16, 0), table(0x10, 16, 1)].concat();
    let lost = |side, scans| {
        let band = scan(&[1], [1, 63], 0);
        let of_bands = [table(0x10, 1, 0xE0), each_block_restarts.clone()].concat();
        with(&[
            of_bands,
            frame(0xC2, (side, side), &[0x11]),
            band.repeat(scans),
        ])
    };
    let malformed = Some(ErrorCode::MalformedPicture);
    let cases = [
        ("no data", with(&[picture((4096, 4096), &[0x11; 4])]), None),
        (
            "long codes only",
            with(&[long_codes_only, picture((4096, 4096), &[0x11; 4])]),
            malformed,
        ),
        ("a row", with(&[picture((65_535, 1), &[0x44; 4])]), None),
        ("a column", with(&[picture((1, 65_535), &[0x44; 4])]), None),
        (
            "one pixel",
            with(&[picture((1, 1), &[0x44, 0x11, 0x11])]),
            None,
        ),
        ("tables", padded(table(0x10, 1, 0)), None),
        (
            "many tables of a segment",
            padded(segment(0xC4, &tables_of_a_segment)),
            None,
        ),
        ("segments without tables", padded(segment(0xC4, &[])), None),
        ("quantization", padded(quantization()), None),
        (
            "segments without quantization",
            padded(segment(0xDB, &[])),
            None,
        ),
        ("restart intervals", padded(segment(0xDD, &[0, 1])), None),
        ("comments", padded(segment(0xFE, &[])), None),
        (
            "applications",
            padded(segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08\xFF\xFF")),
            None,
        ),
        ("fill bytes", padded(vec![0xFF]), None),
        (
            "fill bytes in a scan",
            with(&[small(), filled(vec![0xFF])]),
            None,
        ),
        (
            "restart markers",
            with(&[
                each_block_restarts.clone(),
                small(),
                filled(vec![0xFF, 0xD0]),
            ]),
            malformed,
        ),
        ("lost intervals", lost(512, 400), malformed),
        (
            "lost intervals of a large picture",
            lost(4096, 30),
            malformed,
        ),
    ];
    for (name, picture, expected) in cases {
        println!("{name}: {} bytes", picture.len());
        assert_eq!(code_of(picture), expected, "{name}");
    }
}

#[test]
fn decoding_is_given_up_once_the_caller_says_so() {
    let picture = refinements(4096, 30);
    let asked = Cell::new(0);
    let keep_going = || asked.replace(asked.get() + 1) < 10;
    let decoded = decode_jpeg_while(&picture, DecodeLimits::default(), &keep_going);
    assert_eq!(decoded.unwrap_err(), PictureError::TooSlow);
    assert_eq!(asked.get(), 11, "a no is not asked for twice");

    // Wherever it comes, and also amid a picture that is put right.
    let mut small = Vec::new();
    let mut encoder = Encoder::new(&mut small, 90);
    encoder.set_restart_interval(2);
    encoder
        .encode(&[100; 96 * 96 * 3], 96, 96, ColorType::Rgb)
        .unwrap();
    let lost = small.windows(2).position(|pair| pair == [0xFF, 0xD1]);
    small.drain(lost.unwrap()..lost.unwrap() + 2);
    let whole = decode_jpeg(&small, DecodeLimits::default()).unwrap();
    let mut questions = 0;
    let given_up = (0..).take_while(|most| {
        let asked = Cell::new(0);
        let keep_going = || asked.replace(asked.get() + 1) < *most;
        match decode_jpeg_while(&small, DecodeLimits::default(), &keep_going) {
            Ok(image) => assert!(image == whole),
            Err(error) => assert_eq!(error, PictureError::TooSlow),
        }
        questions = asked.get();
        questions > *most
    });
    assert!(given_up.count() > 5);
    assert!(questions > 5);
}

#[test]
fn estimates_tell_heavy_pictures_from_light_ones() {
    assert_eq!(estimate_jpeg(b""), DecodeEstimate::default());
    assert_eq!(estimate_jpeg(b"\x89PNG"), DecodeEstimate::default());
    assert_eq!(estimate_jpeg(b"\xFF\xD8\xFF"), DecodeEstimate::default());
    let encoded = |side: u16, is_progressive| {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, 90);
        encoder.set_progressive(is_progressive);
        encoder.set_sampling_factor(SamplingFactor::F_2_2);
        let pixels = vec![100; usize::from(side).pow(2) * 3];
        encoder.encode(&pixels, side, side, ColorType::Rgb).unwrap();
        estimate_jpeg(&bytes)
    };
    let [small, large] = [encoded(64, false), encoded(512, false)];
    assert!(large.work_ns > 30 * small.work_ns, "{small:?} {large:?}");
    assert!(large.memory_bytes > small.memory_bytes);
    let progressive = encoded(512, true);
    assert!(progressive.work_ns > large.work_ns);
    assert!(progressive.memory_bytes > large.memory_bytes);
    let hostile = estimate_jpeg(&refinements(512, 400));
    assert!(hostile.work_ns > 20 * large.work_ns, "{hostile:?}");
}
