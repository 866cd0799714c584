//! What a session does when it is flooded, not read, reset, or told nonsense.

#![expect(clippy::unwrap_used, reason = "a test ends where its own set-up fails")]

use live_keypoints_pipeline::branch::{BranchOutcome, FaceOutcome, PoseOutcome};
use live_keypoints_pipeline::rect::ImageSize;
use live_keypoints_pipeline::{
    Decoded, ErrorCode, FrameResult, MAX_STILLS, MissingReason, Options, Outcome, Session,
    SessionError, Step, Steps, Work,
};

type Stream = Session<&'static str, ()>;

fn session(buffer_size: usize, max_unread_results: usize) -> Stream {
    let options = Options {
        buffer_size,
        max_unread_results,
        ..Options::default()
    };
    Session::new(options).unwrap()
}

fn decoded() -> Outcome<()> {
    let size = ImageSize {
        width: 4,
        height: 4,
    };
    Outcome::Decoded(Decoded { pixels: (), size })
}

fn nobody() -> Outcome<()> {
    Outcome::Branch(BranchOutcome::Pose(PoseOutcome {
        detection: None,
        roi: None,
        presence: None,
        pose: None,
    }))
}

/// Lets the session process all it has: frames in which nobody is.
fn run_until_idle(session: &mut Stream) {
    while let Some(task) = session.next_task(Steps::ALL, 0) {
        let outcome = match task.work {
            Work::Decode(_) => decoded(),
            Work::Branch(..) => nobody(),
        };
        session.complete(task.id, outcome, 0, 0);
    }
}

#[test]
fn a_full_buffer_drops_its_oldest_frame_and_the_next_result_counts_it() {
    let mut session = session(2, 10);
    for name in ["a", "b"] {
        assert_eq!(session.add_frame(name, 0, 0).evicted, None);
    }
    assert!(session.is_full());
    assert_eq!(session.add_frame("c", 0, 0).evicted, Some((0, "a")));
    assert_eq!(session.add_frame("d", 0, 0).evicted, Some((1, "b")));
    run_until_idle(&mut session);
    let results: Vec<FrameResult> = std::iter::from_fn(|| session.next_result()).collect();
    let seen: Vec<(u64, u64)> = results
        .iter()
        .map(|result| match result {
            FrameResult::Keypoints(k) => (k.index, k.dropped),
            FrameResult::Failed(f) => (f.index, f.dropped),
        })
        .collect();
    assert_eq!(seen, [(2, 2), (3, 0)]);
}

#[test]
fn unread_results_are_bounded_and_every_frame_is_accounted_for() {
    let mut session = session(50, 3);
    for n in 0..10 {
        session.add_frame("frame", n, 0);
    }
    run_until_idle(&mut session);
    assert_eq!(session.stats().unread, 3);
    let mut answered = 0;
    let mut dropped = 0;
    while let Some(FrameResult::Keypoints(keypoints)) = session.next_result() {
        answered += 1;
        dropped += keypoints.dropped;
    }
    assert_eq!((answered, dropped), (3, 7));
    let stats = session.stats();
    assert_eq!(
        (stats.received, stats.completed, stats.dropped),
        (10, 10, 7)
    );
}

#[test]
fn frames_in_work_are_bounded() {
    let mut session = session(50, 50);
    for n in 0..10 {
        session.add_frame("frame", n, 0);
    }
    let mut tasks = 0;
    while session.next_task(Steps::ALL, 0).is_some() {
        tasks += 1;
    }
    assert_eq!(tasks, Options::default().max_frames_in_flight);
}

#[test]
fn a_reset_hands_out_what_waited_and_the_index_goes_on() {
    let mut session = session(50, 50);
    session.add_frame("a", 0, 0);
    session.add_frame("b", 0, 0);
    assert_eq!(session.reset(), [(0, "a"), (1, "b")]);
    assert_eq!(session.add_frame("c", 0, 0).index, 2);
    run_until_idle(&mut session);
    let Some(FrameResult::Keypoints(keypoints)) = session.next_result() else {
        panic!("no result");
    };
    assert_eq!((keypoints.index, keypoints.dropped), (2, 2));
}

#[test]
fn stills_have_room_for_a_few_and_say_busy_beyond() {
    let mut session = session(1, 1);
    for n in 0..MAX_STILLS as u64 {
        assert_eq!(session.add_still("still", 0, 0), Ok(n));
    }
    let busy = session.add_still("still", 0, 0);
    assert!(matches!(
        busy,
        Err(SessionError::Busy {
            waiting: MAX_STILLS
        })
    ));
    session.add_frame("frame", 0, 0);
    run_until_idle(&mut session);
    // None of them was pushed out by the stream's bound of one unread result.
    let indices: Vec<u64> = std::iter::from_fn(|| session.next_result())
        .map(|r| r.index())
        .collect();
    assert_eq!(indices.len(), MAX_STILLS + 1);
    assert!(session.add_still("still", 0, 0).is_ok());
}

#[test]
fn a_frame_without_a_person_is_a_result_whose_parts_are_missing() {
    let mut session = session(1, 1);
    session.add_frame("empty room", 7, 0);
    run_until_idle(&mut session);
    let Some(FrameResult::Keypoints(k)) = session.next_result() else {
        panic!("no result");
    };
    assert!(
        k.pose.is_none() && k.left_hand.is_none() && k.right_hand.is_none() && k.face.is_none()
    );
    let reason = Some(MissingReason::NoPose);
    assert_eq!(
        (k.missing.pose, k.missing.left_hand, k.missing.face),
        (reason, reason, reason)
    );
    assert_eq!((k.timestamp_us, k.width, k.height), (7, 4, 4));
}

#[test]
fn outcomes_of_another_step_or_twice_do_no_harm() {
    let mut session = session(2, 2);
    session.add_frame("a", 0, 0);
    let decode = session.next_task(Steps::ALL, 0).unwrap();
    session.complete(decode.id, decoded(), 0, 0);
    assert!(!session.complete(decode.id, decoded(), 0, 0));
    let pose = session.next_task(Steps::ALL, 0).unwrap();
    assert_eq!(pose.id.step.bit(), 2);
    let face = Outcome::Branch(BranchOutcome::Face(FaceOutcome::default()));
    assert!(session.complete(pose.id, face, 0, 0));
    let Some(FrameResult::Failed(failed)) = session.next_result() else {
        panic!("no result");
    };
    assert_eq!(failed.error.code, ErrorCode::Internal);
    assert!(session.is_idle());
}

#[test]
fn times_are_the_callers() {
    let mut session = session(2, 2);
    session.add_frame("a", 0, 1_000);
    let decode = session.next_task(Steps::ALL, 1_500).unwrap();
    assert_eq!(decode.id.step, Step::Decode);
    session.complete(decode.id, decoded(), 40, 1_600);
    let pose = session.next_task(Steps::ALL, 1_600).unwrap();
    session.complete(pose.id, nobody(), 70, 1_700);
    let Some(FrameResult::Keypoints(k)) = session.next_result() else {
        panic!("no result");
    };
    assert_eq!(
        (
            k.timings.queue,
            k.timings.decode,
            k.timings.pose,
            k.timings.total
        ),
        (500, 40, 70, 700)
    );
}
