//! Decoding takes no more memory than is said, counted by the allocator: alone in its program, so that nothing else is
//! counted.

#[path = "support/hostile.rs"]
mod hostile;

use hostile::{frame, jpeg, quantization, scan, segment, table};
use live_keypoints_pipeline::picture::{DecodeLimits, decode_jpeg, estimate_jpeg};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// As in the doc of `DecodeLimits`.
const MAX_BYTES_OF_PIXEL: usize = 16;
/// Tables, headers, rows, and what replaces damaged data.
const REST_BYTES: usize = 2 << 20;

const SIDE: u16 = 2048;

fn peak_bytes(picture: &[u8]) -> usize {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let decoded = decode_jpeg(picture, DecodeLimits::default());
    let peak = ALLOCATOR.peak_usage() - before;
    assert!(decoded.is_ok(), "{decoded:?}");
    peak
}

/// An Exif block that says how the camera was held.
fn exif(orientation: u8) -> Vec<u8> {
    let mut body = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    body.extend([orientation, 0, 0, 0, 0, 0, 0]);
    segment(0xE1, &body)
}

#[test]
fn decoding_takes_no_more_memory_than_is_said() {
    let size = (SIDE, SIDE);
    let tables = || vec![exif(6), quantization(), table(0, 1, 0), table(0x10, 1, 0)];
    let with = |more: Vec<Vec<u8>>| jpeg(&[tables(), more].concat());
    // Of progressive pictures one scan of all components, which is all that the decoder's memory depends on, and further
    // ones that complete each or none.
    let progressive = |sampling: &[u8], is_complete: bool| {
        let ids: Vec<u8> = (1..).take(sampling.len()).collect();
        let mut segments = vec![frame(0xC2, size, sampling), scan(&ids, [0, 0], 0)];
        if is_complete {
            segments.extend(ids.iter().map(|id| scan(&[*id], [1, 63], 0)));
        }
        with(segments)
    };
    let sequential = |sampling: &[u8]| {
        let ids: Vec<u8> = (1..).take(sampling.len()).collect();
        with(vec![frame(0xC1, size, sampling), scan(&ids, [0, 63], 0)])
    };
    // A restart marker behind each MCU, of which the first is missing.
    let restarts = || {
        let data =
            (0..u32::from(SIDE / 8).pow(2)).flat_map(|mcu| [0x0F, 0xFF, 0xD0 | (mcu as u8 % 8)]);
        let mut data: Vec<u8> = data.collect();
        data.drain(1..3);
        with(vec![
            segment(0xDD, &[0, 1]),
            frame(0xC2, size, &[0x11; 4]),
            scan(&[1, 2, 3, 4], [0, 0], 0),
            data,
        ])
    };
    let pictures = [
        ("grey", sequential(&[0x11])),
        ("YCbCr", sequential(&[0x11; 3])),
        ("YCbCr 4:2:0", sequential(&[0x22, 0x11, 0x11])),
        ("CMYK", sequential(&[0x11; 4])),
        ("progressive grey", progressive(&[0x11], true)),
        ("progressive YCbCr", progressive(&[0x11; 3], true)),
        (
            "progressive YCbCr 4:2:0",
            progressive(&[0x22, 0x11, 0x11], true),
        ),
        ("progressive CMYK", progressive(&[0x11; 4], true)),
        ("incomplete CMYK", progressive(&[0x11; 4], false)),
        ("a restart marker is missing", restarts()),
    ];
    for (name, picture) in pictures {
        let peak = peak_bytes(&picture);
        let estimate = estimate_jpeg(&picture).memory_bytes;
        let pixels = usize::from(SIDE).pow(2);
        println!(
            "{name}: {:.1} bytes a pixel, {:.2} of the estimate",
            peak as f64 / pixels as f64,
            peak as f64 / estimate as f64
        );
        assert!(
            peak <= MAX_BYTES_OF_PIXEL * pixels + REST_BYTES,
            "{name}: {peak}"
        );
        assert!(
            peak as u64 <= estimate + REST_BYTES as u64,
            "{name}: {peak}"
        );
        assert!(peak as u64 >= estimate / 2, "{name}: {peak}");
    }
}
