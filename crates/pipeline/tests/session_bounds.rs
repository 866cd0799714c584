//! What a session does when it is flooded, not read, reset, or told nonsense.

#![expect(clippy::unwrap_used, reason = "a test ends where its own set-up fails")]

use live_keypoints_pipeline::branch::{BranchOutcome, FaceOutcome, PoseOutcome};
use live_keypoints_pipeline::rect::ImageSize;
use live_keypoints_pipeline::{
    Decoded, ErrorCode, FrameError, FrameResult, MAX_STILLS, MissingReason, Options, Outcome,
    Session, SessionError, Step, Steps, Work,
};
use proptest::prelude::*;

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
    Outcome::Decoded(Decoded {
        pixels: (),
        size,
        grey: None,
    })
}

fn nobody() -> Outcome<()> {
    Outcome::Branch(BranchOutcome::Pose(PoseOutcome {
        detection: None,
        roi: None,
        presence: None,
        pose: None,
    }))
}

fn bad() -> FrameError {
    FrameError::new(ErrorCode::UnsupportedFrame, "not a frame")
}

/// Index, whether it failed, and drops of every result that there is.
fn answers(session: &mut Stream) -> Vec<(u64, bool, u64)> {
    let results = std::iter::from_fn(|| session.next_result());
    results
        .map(|result| match result {
            FrameResult::Keypoints(k) => (k.index, false, k.dropped),
            FrameResult::Failed(f) => (f.index, true, f.dropped),
        })
        .collect()
}

/// Lets the session process all it has: frames in which nobody is.
fn run_until_idle(session: &mut Stream) {
    while !session.is_idle() {
        step(session);
    }
}

/// Runs one task, if there is any.
fn step(session: &mut Stream) {
    if let Some(task) = session.next_task(Steps::ALL, 0) {
        let outcome = match task.work {
            Work::Decode { .. } => decoded(),
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
    let boundary = session.reset();
    assert_eq!(boundary.discarded, [(0, "a"), (1, "b")]);
    assert_eq!(boundary.next_index, 2);
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

#[test]
fn a_bad_frame_takes_an_index_and_its_error_comes_in_frame_order() {
    let mut session = session(50, 50);
    assert_eq!(session.add_failed(bad(), 5), 0);
    let Some(FrameResult::Failed(failed)) = session.next_result() else {
        panic!("no error");
    };
    assert_eq!((failed.index, failed.timestamp_us), (0, 5));
    assert_eq!(failed.error, bad());

    session.add_frame("a", 0, 0);
    assert_eq!(session.add_failed(bad(), 0), 2);
    assert_eq!(session.add_failed(bad(), 0), 3);
    session.add_frame("b", 0, 0);
    assert_eq!(session.add_failed(bad(), 0), 5);
    assert_eq!(answers(&mut session), [], "frame 1 comes first");
    assert_eq!(session.stats().buffered, 5);
    run_until_idle(&mut session);
    let expected = [1, 2, 3, 4, 5].map(|index| (index, ![1, 4].contains(&index), 0));
    assert_eq!(answers(&mut session), expected);
    let stats = session.stats();
    assert_eq!((stats.received, stats.failed, stats.completed), (6, 4, 2));
}

#[test]
fn a_bad_frame_pushes_no_other_out_and_waits_for_none_that_is_gone() {
    let mut session = session(1, 50);
    session.add_frame("a", 0, 0);
    session.add_failed(bad(), 0);
    assert_eq!(answers(&mut session), []);
    // "b" pushes "a" out, so that the error has nothing to wait for.
    assert_eq!(session.add_frame("b", 0, 0).evicted, Some((0, "a")));
    assert_eq!(answers(&mut session), [(1, true, 1)]);
    session.add_failed(bad(), 0);
    assert_eq!(session.reset().discarded, [(2, "b")]);
    assert_eq!(answers(&mut session), [(3, true, 1)]);
    assert!(session.is_idle());
}

#[test]
fn bad_frames_that_wait_are_bounded_and_counted() {
    let mut session = session(50, 3);
    session.add_frame("a", 0, 0);
    for _ in 0..10 {
        session.add_failed(bad(), 0);
    }
    session
        .configure(Options {
            max_unread_results: 2,
            ..session.options().clone()
        })
        .unwrap();
    assert_eq!(session.stats().buffered, 1 + 2);
    run_until_idle(&mut session);
    let answers = answers(&mut session);
    assert_eq!(
        answers.iter().map(|answer| answer.0).collect::<Vec<_>>(),
        [9, 10]
    );
    let dropped: u64 = answers.iter().map(|answer| answer.2).sum();
    assert_eq!(dropped, 9);
}

#[test]
fn a_frame_that_its_producer_dropped_takes_an_index_and_is_counted() {
    let mut session = session(50, 50);
    assert_eq!(session.add_dropped(), 0);
    session.add_frame("a", 0, 0);
    run_until_idle(&mut session);
    assert_eq!(answers(&mut session), [(1, false, 1)]);
    assert_eq!((session.stats().received, session.stats().dropped), (2, 1));
    assert_eq!(session.next_index(), 2);
}

#[test]
fn the_oldest_frame_that_waits_can_be_dropped_and_is_counted() {
    let mut session = session(50, 50);
    assert_eq!(session.drop_oldest(), None);
    session.add_still("still", 0, 0).unwrap();
    session.add_frame("a", 0, 0);
    session.add_failed(FrameError::new(ErrorCode::NotAJpeg, "bad"), 0);
    assert_eq!(session.drop_oldest(), Some((1, "a")));
    assert_eq!(session.drop_oldest(), None);
    run_until_idle(&mut session);
    assert_eq!(answers(&mut session), [(0, false, 0), (2, true, 1)]);
    assert_eq!(session.stats().dropped, 1);
}

#[test]
fn a_smaller_buffer_throws_the_oldest_away_and_counts_them() {
    let mut session = session(4, 50);
    for name in ["a", "b", "c", "d"] {
        session.add_frame(name, 0, 0);
    }
    let smaller = Options {
        buffer_size: 2,
        ..session.options().clone()
    };
    let boundary = session.configure(smaller).unwrap();
    assert_eq!(boundary.discarded, [(0, "a"), (1, "b")]);
    assert_eq!(boundary.next_index, 4);
    assert_eq!(session.add_frame("e", 0, 0).evicted, Some((2, "c")));
    run_until_idle(&mut session);
    assert_eq!(answers(&mut session), [(3, false, 3), (4, false, 0)]);
}

#[test]
fn fewer_unread_results_drop_the_oldest_and_count_them() {
    let mut session = session(50, 50);
    for _ in 0..5 {
        session.add_frame("frame", 0, 0);
    }
    run_until_idle(&mut session);
    let fewer = Options {
        max_unread_results: 1,
        ..session.options().clone()
    };
    session.configure(fewer).unwrap();
    assert_eq!(answers(&mut session), [(4, false, 4)]);
}

#[test]
fn stills_survive_resets_and_newer_frames() {
    let mut session = session(1, 50);
    session.add_still("still", 0, 0).unwrap();
    for _ in 0..5 {
        session.add_frame("frame", 0, 0);
    }
    let boundary = session.reset();
    assert_eq!(boundary.discarded, [(5, "frame")]);
    run_until_idle(&mut session);
    assert_eq!(answers(&mut session), [(0, false, 0)]);
    session.add_frame("frame", 0, 0);
    run_until_idle(&mut session);
    assert_eq!(answers(&mut session), [(6, false, 5)]);
}

/// What happens to a session from outside.
#[derive(Clone, Copy, Debug)]
enum Event {
    Frame,
    Still,
    Bad,
    RateLimited,
    Reset,
    Configure { buffer_size: usize },
    Step,
    Read,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        6 => Just(Event::Frame),
        1 => Just(Event::Still),
        2 => Just(Event::Bad),
        1 => Just(Event::RateLimited),
        1 => Just(Event::Reset),
        1 => (1usize..6).prop_map(|buffer_size| Event::Configure { buffer_size }),
        12 => Just(Event::Step),
        3 => Just(Event::Read),
    ];
    prop::collection::vec(event, 0..120)
}

proptest! {
    #[test]
    fn every_index_is_answered_or_counted_as_dropped_and_answers_are_in_order(events in events()) {
        let mut session = session(3, 4);
        let (mut given, mut stills) = (0, Vec::new());
        let mut read = Vec::new();
        for event in events {
            let options = session.options().clone();
            match event {
                Event::Frame => {
                    prop_assert_eq!(session.add_frame("frame", 0, 0).index, given);
                    given += 1;
                }
                Event::Still => match session.add_still("still", 0, 0) {
                    Ok(index) => {
                        prop_assert_eq!(index, given);
                        stills.push(index);
                        given += 1;
                    }
                    Err(busy) => {
                        prop_assert_eq!(session.add_failed(busy.into(), 0), given);
                        given += 1;
                    }
                },
                Event::Bad => {
                    prop_assert_eq!(session.add_failed(bad(), 0), given);
                    given += 1;
                }
                Event::RateLimited => {
                    prop_assert_eq!(session.add_dropped(), given);
                    given += 1;
                }
                Event::Reset => prop_assert_eq!(session.reset().next_index, given),
                Event::Configure { buffer_size } => {
                    let boundary = session.configure(Options { buffer_size, ..options });
                    prop_assert_eq!(boundary.unwrap().next_index, given);
                }
                Event::Step => step(&mut session),
                Event::Read => read.extend(answers(&mut session)),
            }
        }
        run_until_idle(&mut session);
        prop_assert!(session.is_idle());
        // One more frame brings the count of what was dropped after the last answer.
        session.add_failed(bad(), 0);
        read.extend(answers(&mut session));
        let dropped: u64 = read.iter().map(|answer| answer.2).sum();
        prop_assert_eq!(read.len() as u64 + dropped, given + 1);
        read.retain(|answer| !stills.contains(&answer.0));
        prop_assert!(read.is_sorted_by(|a, b| a.0 < b.0), "{:?}", read);
    }
}
