//! What is done with the bytes of a fuzzer, and in the relay's tests with those of the corpora: all that strangers can
//! send, at the limits of the relay.

use std::io::BufReader;
use std::panic::catch_unwind;
use std::time::{Duration, Instant};

use live_keypoints_pipeline::branch::{BranchJob, BranchOutcome};
use live_keypoints_pipeline::inference::{Model, ModelKind};
use live_keypoints_pipeline::motion::SmallGrey;
use live_keypoints_pipeline::picture::{DecodeLimits, decode_jpeg_while, estimate_jpeg};
use live_keypoints_pipeline::rect::ImageSize;
use live_keypoints_pipeline::signs::{Manifest, SignRecognizer};
use live_keypoints_pipeline::{
    Decoded, ErrorCode, FrameError, FrameKeypoints, FrameResult, Options, Outcome, PictureError,
    Session, Steps, Work,
};
use live_keypoints_relay::extract::MjpegReader;
use live_keypoints_relay::frame::Frame;
use live_keypoints_relay::live::{Limits, read_message};

/// What a decode may take before it is told to stop.
const DECODE_TIME: Duration = Duration::from_millis(300);
/// Of a small grey picture, 64 × 48.
const GREY_CELLS: usize = 3072;

fn decode_limits() -> DecodeLimits {
    Limits::DEFAULT.decode_limits()
}

/// A JPEG, with its Exif.
pub(crate) fn jpeg(data: &[u8]) {
    let estimate = estimate_jpeg(data);
    let started = Instant::now();
    let keep_going = || started.elapsed() < DECODE_TIME;
    match decode_jpeg_while(data, decode_limits(), &keep_going) {
        Ok(image) => assert!(estimate.memory_bytes > image.pixels().len() as u64),
        Err(error) => assert!(!matches!(error, PictureError::Internal { .. }), "{error}"),
    }
}

/// A PNG.
pub(crate) fn png(data: &[u8]) {
    let frame = Frame::Png(data.to_vec().into());
    if let Outcome::Failed(error) = frame.decode(decode_limits(), &|| true) {
        assert_ne!(error.code, ErrorCode::Internal, "{error}");
    }
}

/// Concatenated JPEGs: no byte comes twice, and no picture is too long.
pub(crate) fn mjpeg(data: &[u8]) {
    const MAX_BYTES: usize = 1 << 16;
    let mut reader = MjpegReader::new(BufReader::with_capacity(61, data), MAX_BYTES);
    let mut given = 0;
    while let Ok(Some(frame)) = reader.next_picture() {
        if let Frame::Jpeg(bytes) = frame {
            assert!(bytes.len() <= MAX_BYTES && bytes.starts_with(&[0xFF, 0xD8]));
            given += bytes.len();
        }
    }
    assert!(given as u64 + reader.skipped_bytes() <= data.len() as u64);
}

/// A message of a client or of a relay: text, a frame with its header, or a binary result.
pub(crate) fn messages(data: &[u8]) {
    read_message(data);
}

/// Jobs, and outcomes of steps that are fed to a session, as a worker of the page hands them over.
pub(crate) fn outcomes(mut data: &[u8]) {
    if let Ok(job) = postcard::from_bytes::<BranchJob>(data) {
        assert!(postcard::to_allocvec(&job).is_ok());
    }
    // Frames that may be still, or a few that may not.
    let options = Options {
        skip_still: (data.len() % 4 >= 2).then_some(2.0),
        ..Options::default()
    };
    let frames = if options.skip_still.is_some() { 12 } else { 3 };
    run_session(options, frames, &mut data, &mut |_| {});
}

/// A session whose pictures and outcomes are what the bytes say; each of its results is seen.
fn run_session(
    options: Options,
    frames: u64,
    data: &mut &[u8],
    see: &mut dyn FnMut(&FrameKeypoints),
) {
    let Ok(mut session) = Session::<(), ()>::new(options) else {
        return;
    };
    for time in 0..frames {
        session.add_frame((), time as i64 * 33_333, 0);
        while let Some(task) = session.next_task(Steps::ALL, 0) {
            // What is early ends before the pose, or after it.
            let mut tasks = vec![task];
            tasks.extend(std::iter::from_fn(|| session.next_early_task(Steps::ALL)));
            if data.len() % 2 == 1 {
                tasks.reverse();
            }
            for task in tasks {
                session.complete(task.id, outcome_of(&task.work, data), 0, 0);
            }
        }
        while let Some(result) = session.next_result() {
            assert!(result.index() < frames);
            if let FrameResult::Keypoints(keypoints) = result {
                see(&keypoints);
            }
        }
    }
}

/// What the bytes say came of a task.
fn outcome_of(work: &Work<(), ()>, data: &mut &[u8]) -> Outcome<()> {
    match work {
        Work::Decode { .. } => {
            // From the end, which stays: a change of size is a new start.
            let side = |at: usize| u32::from(data.iter().rev().nth(at).copied().unwrap_or(64));
            let size = ImageSize {
                width: side(0),
                height: side(1),
            };
            // It changes as bytes are taken, and is still where they are at their end.
            let level = data.first().copied().unwrap_or_default();
            Outcome::Decoded(Decoded {
                pixels: (),
                size,
                grey: SmallGrey::try_from(vec![level; GREY_CELLS]).ok(),
            })
        }
        Work::Branch((), job) => {
            assert!(postcard::to_allocvec(job).is_ok());
            match postcard::take_from_bytes::<BranchOutcome>(data) {
                Ok((outcome, rest)) => {
                    *data = rest;
                    Outcome::Branch(outcome)
                }
                Err(error) => {
                    *data = data.get(1..).unwrap_or(&[]);
                    Outcome::Failed(FrameError::new(ErrorCode::Internal, error.to_string()))
                }
            }
        }
    }
}

/// A manifest of signs, a zero, examples, a zero, and outcomes that give the keypoints to recognise and to teach.
pub(crate) fn signs(data: &[u8]) {
    let mut pieces = data.splitn(3, |byte| *byte == 0);
    let mut text = || String::from_utf8_lossy(pieces.next().unwrap_or_default()).into_owned();
    let (manifest, examples) = (text(), text());
    let mut outcomes = pieces.next().unwrap_or_default();
    let Ok(manifest) = Manifest::from_json(&manifest) else {
        return;
    };
    assert_eq!(
        Manifest::from_json(&manifest.to_json()).as_ref(),
        Ok(&manifest)
    );
    let is_taught = manifest.model().is_none();
    let labels = manifest.labels().len();
    let options = manifest.needs().options(Options::default());
    let mut recognizer = SignRecognizer::new(manifest);
    let _ = recognizer.import(&examples);
    run_session(options, 12, &mut outcomes, &mut |keypoints| {
        recognizer.push(keypoints);
        let Some(window) = recognizer.take_window() else {
            return;
        };
        match is_taught {
            true => {
                assert!(recognizer.answer_by_examples(&window).is_ok());
                let _ = recognizer.teach("a".into(), &window);
            }
            false => assert!(recognizer.answer(window.id, &vec![0.5; labels]).is_ok()),
        }
    });
    if is_taught && !recognizer.taught().is_empty() {
        let exported = recognizer.taught().to_json();
        assert_eq!(recognizer.import(&exported), Ok(()));
    }
}

/// Changes of a model: the first byte says which, then three bytes of a position and one of a value each.
pub(crate) fn models(data: &[u8]) {
    let [which, changes @ ..] = data else { return };
    let kinds = [ModelKind::HandRecrop, ModelKind::FaceDetectionShortRange];
    let kind = kinds[usize::from(*which) % kinds.len()];
    let mut bytes = kind.embedded_bytes().to_vec();
    let (changes, _) = changes.as_chunks::<4>();
    for [high, middle, low, value] in changes {
        let position = u32::from_be_bytes([0, *high, *middle, *low]) as usize;
        let length = bytes.len();
        bytes[position % length] = *value;
    }
    let _ = catch_unwind(|| Model::load(kind, bytes));
}
