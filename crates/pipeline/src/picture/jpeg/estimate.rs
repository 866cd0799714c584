//! What it will take to decode a picture, from its headers.

use super::frame::{Coding, Frame, Scan};
use super::marker_reader::{END_OF_IMAGE, MarkerReader};
use super::walk::MAX_SCANS;

/// What it will take to decode a picture, reckoned from its headers. All zeros where that cannot be told, as for bytes
/// that are no JPEG.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecodeEstimate {
    /// Time in nanoseconds on one core, roughly: pictures can be compared by it, or a queue be kept fair.
    pub work_ns: u64,
    /// Memory in bytes at the peak, the JPEG itself not counted and the decoded picture included. A picture whose restart
    /// markers are damaged takes up to 3 · its length + 64 KiB more.
    pub memory_bytes: u64,
}

/// Measured with pictures of every kind, in nanoseconds: for a byte of the file, a visit of a scan to a block, a block
/// that becomes samples, a pixel's share of a component. Ordinary pictures take 0.6 to 1.2 of that; at most, where data
/// ends at once and zeros stand for coefficients, it is 4 times as much.
const BYTE_NS: u64 = 10;
const VISIT_NS: u64 = 60;
const BLOCK_NS: u64 = 20;
const SAMPLE_NS: u64 = 1;

/// Reckons what [`decode_jpeg`](super::decode_jpeg) will take. It reads the markers, in a few milliseconds for 8 MiB, and
/// keeps none of the data.
#[must_use]
pub fn estimate_jpeg(bytes: &[u8]) -> DecodeEstimate {
    if !bytes.starts_with(&[0xFF, 0xD8]) {
        return DecodeEstimate::default();
    }
    let mut reader = MarkerReader::new(bytes);
    let mut frame: Option<Frame> = None;
    let (mut scans, mut visits, mut has_restarts) = (0, 0, false);
    while let Some((marker, segment)) = reader.next_segment() {
        let body = segment.get(4..).unwrap_or(&[]);
        match (marker, &frame) {
            (0xC0..=0xC2, None) => frame = Frame::read(marker, body).ok(),
            (0xDD, _) => has_restarts = body != [0, 0],
            (0xDA, Some(frame)) => {
                scans += 1;
                visits += Scan::read(frame, body).map_or(0, |scan| frame.visits_of(&scan));
                reader.scan_data(has_restarts);
            }
            _ => {}
        }
        if marker == END_OF_IMAGE || scans > MAX_SCANS {
            break;
        }
    }
    frame.map_or(DecodeEstimate::default(), |frame| {
        estimate_of(&frame, bytes.len() as u64, visits)
    })
}

fn estimate_of(frame: &Frame, bytes: u64, visits: u64) -> DecodeEstimate {
    let pixels = u64::from(frame.width) * u64::from(frame.height);
    let (blocks, channels) = (frame.block_count(), frame.components.len() as u64);
    let samples = 64 * blocks;
    let coefficients = match frame.coding {
        Coding::Sequential => 0,
        Coding::Progressive => 2 * samples,
    };
    // The decoder's own output stands beside its planes; the grey one is its only plane. The RGB picture, and the one
    // that is turned, come when the coefficients have gone.
    let output = if channels == 1 { 0 } else { channels * pixels };
    let decoding = coefficients + samples + output;
    let turning = 6 * pixels;
    DecodeEstimate {
        work_ns: BYTE_NS * bytes
            + VISIT_NS * visits
            + BLOCK_NS * blocks
            + SAMPLE_NS * channels * pixels,
        memory_bytes: decoding.max(turning) + OVERHEAD_BYTES,
    }
}

/// Tables, headers and rows.
const OVERHEAD_BYTES: u64 = 64 << 10;
