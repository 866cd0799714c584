//! Decoding starts no threads: alone in its program, so that every thread is one of the test's.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use jpeg_encoder::{ColorType, Encoder};
use live_keypoints_pipeline::picture::{DecodeLimits, decode_jpeg};

const WORKERS: usize = 4;
const PICTURES: usize = 25;

fn jpeg(width: u16, height: u16, is_progressive: bool) -> Vec<u8> {
    let count = usize::from(width) * usize::from(height) * 3;
    let pixels: Vec<u8> = (0..count).map(|n| (n * n / 7919) as u8).collect();
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 90);
    encoder.set_progressive(is_progressive);
    encoder
        .encode(&pixels, width, height, ColorType::Rgb)
        .unwrap();
    bytes
}

fn thread_count() -> usize {
    fs::read_dir("/proc/self/task").unwrap().count()
}

#[test]
fn decoding_starts_no_threads() {
    let pictures = [jpeg(1280, 720, false), jpeg(1280, 720, true)];
    let expected = pictures
        .each_ref()
        .map(|jpeg| decode_jpeg(jpeg, DecodeLimits::default()));
    let before = thread_count();
    let mut most = before;
    let decoded = AtomicUsize::new(0);
    thread::scope(|scope| {
        let workers = [(); WORKERS].map(|()| {
            scope.spawn(|| {
                for _ in 0..PICTURES {
                    for (jpeg, expected) in pictures.iter().zip(&expected) {
                        assert!(decode_jpeg(jpeg, DecodeLimits::default()) == *expected);
                        decoded.fetch_add(1, Ordering::Relaxed);
                    }
                }
            })
        });
        while workers.iter().any(|worker| !worker.is_finished()) {
            most = most.max(thread_count());
        }
    });
    assert!(expected.iter().all(Result::is_ok));
    assert_eq!(decoded.into_inner(), WORKERS * PICTURES * pictures.len());
    assert!(most > before, "the threads were not counted while they ran");
    assert!(
        most <= before + WORKERS,
        "{most} threads, {before} without the workers"
    );
}
