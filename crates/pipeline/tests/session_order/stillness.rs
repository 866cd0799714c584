//! Frames without motion repeat the keypoints of the last frame that was computed, and nothing else is touched by them.

#![expect(clippy::unwrap_used, reason = "a test ends where its own set-up fails")]

use live_keypoints_pipeline::{
    Decoded, FrameKeypoints, FrameResult, Options, Outcome, Session, Step, Steps, Timings, Work,
};
use proptest::prelude::*;

use crate::any_order::{Event, run_plainly};
use crate::stand_in::{Kind, Stream, outcome_of};
use crate::{FRAME_US, frames, sorted, streams, without};

/// Frames without motion that are computed before the first still one.
const SETTLING: usize = 6;

fn gated() -> Options {
    Options {
        skip_still: Some(2.0),
        ..Options::default()
    }
}

fn with_gate(mut events: Vec<Event>) -> Vec<Event> {
    events.insert(0, Event::Configure(Box::new(gated())));
    events
}

fn keypoints(result: &FrameResult) -> &FrameKeypoints {
    match result {
        FrameResult::Keypoints(keypoints) => keypoints,
        FrameResult::Failed(failed) => panic!("{failed:?}"),
    }
}

fn are_still(events: &[Event]) -> Vec<bool> {
    let results = run_plainly(events).results;
    let is_still = |result: &FrameResult| match result {
        FrameResult::Keypoints(keypoints) => keypoints.still,
        FrameResult::Failed(_) => false,
    };
    results.iter().map(is_still).collect()
}

/// Does every task that there is; the steps of the stream's frames, as they were handed out.
fn work_off(session: &mut Stream) -> Vec<(u64, Step)> {
    let mut steps = Vec::new();
    while let Some(task) = session.next_task(Steps::ALL, 0) {
        steps.push((task.id.frame, task.id.step));
        session.complete(task.id, outcome_of(&task), 5, 0);
    }
    steps
}

/// A session whose next frame is still where nothing moves, and what it computed last.
fn settled() -> (Stream, FrameKeypoints) {
    let mut session: Stream = Session::new(gated()).unwrap();
    for number in 0..=SETTLING as i64 {
        session.add_frame(Kind::Motionless(0), number * FRAME_US, 0);
    }
    work_off(&mut session);
    let mut last = None;
    while let Some(result) = session.next_result() {
        assert!(!keypoints(&result).still);
        last = Some(keypoints(&result).clone());
    }
    (session, last.unwrap())
}

#[test]
fn a_still_frame_is_decoded_and_repeats_all_but_index_and_times() {
    let (mut session, computed) = settled();
    for (index, number) in [(7, 1), (8, 2)] {
        let timestamp_us = index as i64 * FRAME_US;
        session.add_frame(Kind::Motionless(number), timestamp_us, 0);
        assert_eq!(work_off(&mut session), [(index, Step::Decode)]);
        let timings = Timings {
            decode: 5,
            ..Timings::default()
        };
        let expected = FrameKeypoints {
            index,
            timestamp_us,
            still: true,
            timings,
            ..computed.clone()
        };
        assert_eq!(keypoints(&session.next_result().unwrap()), &expected);
    }
    let stats = session.stats();
    assert_eq!((stats.still, stats.completed), (2, 9));
}

#[test]
fn without_the_option_every_frame_is_computed_and_no_small_picture_is_made() {
    let events = frames(&[Kind::Motionless(0); 12]);
    assert_eq!(are_still(&events), [false; 12]);
    let mut session: Stream = Session::new(Options::default()).unwrap();
    session.add_frame(Kind::Person, 0, 0);
    let task = session.next_task(Steps::ALL, 0).unwrap();
    let Work::Decode { wants_grey, .. } = task.work else {
        panic!("{task:?}");
    };
    assert!(!wants_grey);
}

#[test]
fn what_drifts_slowly_is_computed_when_it_has_added_up() {
    let mut kinds = vec![Kind::Motionless(0); 1 + SETTLING];
    kinds.extend((1..=4).map(Kind::Motionless));
    let is_still = are_still(&with_gate(frames(&kinds)));
    assert_eq!(is_still[1 + SETTLING..], [true, true, false, false]);
}

#[test]
fn a_reset_another_size_other_options_and_an_earlier_time_end_stillness() {
    let still = frames(&[Kind::OtherSize; 1 + SETTLING + 2]);
    let before = with_gate(still.clone());
    assert_eq!(are_still(&before)[SETTLING..], [false, true, true]);
    let last = |kind, time_us| Event::Frame { kind, time_us };
    let other_threshold = Options {
        skip_still: Some(3.0),
        ..gated()
    };
    for (change, frame) in [
        (Some(Event::Reset), last(Kind::OtherSize, 99 * FRAME_US)),
        (
            Some(Event::Configure(Box::new(other_threshold))),
            last(Kind::OtherSize, 99 * FRAME_US),
        ),
        (None, last(Kind::HandsFarOut, 99 * FRAME_US)),
        (None, last(Kind::OtherSize, 5)),
    ] {
        let mut events = before.clone();
        events.extend(change);
        events.push(frame);
        assert_eq!(are_still(&events).last(), Some(&false), "{events:?}");
    }
    let mut events = before;
    events.extend([Event::Bad, last(Kind::Broken, 98 * FRAME_US)]);
    events.push(last(Kind::OtherSize, 99 * FRAME_US));
    let is_still = are_still(&events);
    assert_eq!(is_still[is_still.len() - 3..], [false, false, true]);
}

#[test]
fn what_failed_is_not_repeated() {
    let kinds = [Kind::FailsInThePose; 3 * SETTLING];
    let results = run_plainly(&with_gate(frames(&kinds))).results;
    assert!(results.iter().all(|r| matches!(r, FrameResult::Failed(_))));
}

#[test]
fn a_still_frame_waits_for_what_it_repeats() {
    let mut session: Stream = Session::new(gated()).unwrap();
    for number in 0..SETTLING as i64 {
        session.add_frame(Kind::Motionless(0), number * FRAME_US, 0);
    }
    work_off(&mut session);
    while session.next_result().is_some() {}
    let (computed, still) = (SETTLING as u64, SETTLING as u64 + 1);
    let decode_only = Steps::from_iter([Step::Decode]);
    let tasks = [computed, still].map(|index| {
        session.add_frame(Kind::Motionless(0), index as i64 * FRAME_US, 0);
        session.next_task(decode_only, 0).unwrap()
    });
    // Whichever is read first.
    for task in tasks.iter().rev() {
        session.complete(task.id, outcome_of(task), 5, 0);
    }
    assert!(session.next_result().is_none());
    let steps = work_off(&mut session);
    assert!(!steps.is_empty() && steps.iter().all(|(frame, _)| *frame == computed));
    for (index, is_still) in [(computed, false), (still, true)] {
        let result = session.next_result().unwrap();
        assert_eq!(
            (result.index(), keypoints(&result).still),
            (index, is_still)
        );
    }
    assert!(session.is_idle());
}

#[test]
fn a_stateless_picture_and_one_without_its_small_picture_are_never_still() {
    let (mut session, _) = settled();
    for _ in 0..2 {
        session.add_still(Kind::Motionless(0), 0, 0).unwrap();
        assert!(work_off(&mut session).len() > 1);
        assert!(!keypoints(&session.next_result().unwrap()).still);
    }
    session.add_frame(Kind::Motionless(0), 50 * FRAME_US, 0);
    let task = session.next_task(Steps::ALL, 0).unwrap();
    let Outcome::Decoded(decoded) = outcome_of(&task) else {
        panic!("{task:?}");
    };
    let blind = Decoded {
        grey: None,
        ..decoded
    };
    session.complete(task.id, Outcome::Decoded(blind), 0, 0);
    assert!(work_off(&mut session).len() > 1);
    assert!(!keypoints(&session.next_result().unwrap()).still);
}

#[test]
fn repeated_points_are_mirrored_once() {
    let mirrored = Options {
        mirrored: true,
        ..gated()
    };
    let mut events = frames(&[Kind::Motionless(0); SETTLING + 3]);
    events.insert(0, Event::Configure(Box::new(mirrored)));
    let results = run_plainly(&events).results;
    let [.., computed, _, last] = &results[..] else {
        panic!("{results:?}");
    };
    assert!(keypoints(last).still && !keypoints(computed).still);
    assert_eq!(keypoints(last).pose, keypoints(computed).pose);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Filters and tracking see a stream without its still frames: its other results are those of a stream whose producer
    /// dropped them.
    #[test]
    fn still_frames_leave_the_others_as_they_were(events in streams()) {
        let mut events = with_gate(events);
        // Were one earlier than a still frame, filters would start anew, and without that frame they would not.
        for (number, event) in events.iter_mut().enumerate() {
            if let Event::Frame { time_us, .. } = event {
                *time_us = number as i64 * FRAME_US;
            }
        }
        let plain = run_plainly(&events).results;
        let is_still = |result: &FrameResult| matches!(result, FrameResult::Keypoints(k) if k.still);
        let still: Vec<u64> = plain.iter().filter(|r| is_still(r)).map(FrameResult::index).collect();
        let mut ungated = without(&events, &still);
        for event in &mut ungated {
            if let Event::Configure(options) = event {
                options.skip_still = None;
            }
        }
        let left: Vec<_> = plain.into_iter().filter(|r| !is_still(r)).collect();
        let (left, expected) = (sorted(left), sorted(run_plainly(&ungated).results));
        let is_same = left == expected || format!("{left:?}") == format!("{expected:?}");
        prop_assert!(is_same, "{left:?} is not {expected:?}");
    }
}
