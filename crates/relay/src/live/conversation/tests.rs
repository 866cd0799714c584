//! The conversation by itself: bounds and counts that no timing disturbs.

use std::num::NonZeroU32;

use live_keypoints_pipeline::TaskId;

use super::*;
use crate::live::limits::Limits;
use crate::live::ws_live_signs::tests::common;

fn conversation(limits: Limits) -> Conversation {
    let common = Common {
        limits: limits.into(),
        ..common()
    };
    let mut conversation = Conversation::new(&common, Some(Welcome::default())).unwrap();
    assert!(matches!(
        conversation.next_message(),
        Some(Sendable::Text(_))
    ));
    conversation
}

fn receive(conversation: &mut Conversation, message: &[u8]) {
    conversation.receive_frame(&Bytes::copy_from_slice(message), 0, 0, true);
}

/// Fails a task, and answers with what comes of it.
fn fail(conversation: &mut Conversation, id: TaskId) -> Option<End> {
    let error = FrameError::new(ErrorCode::MalformedPicture, "of set purpose");
    let finished = Finished {
        id,
        outcome: Outcome::Failed(error),
        elapsed_us: 1,
    };
    conversation.complete(finished, 1);
    answer_all(conversation)
}

fn answer_all(conversation: &mut Conversation) -> Option<End> {
    let mut end = None;
    while let Some(result) = conversation.next_result() {
        end = conversation.answer(result).or(end);
    }
    end
}

fn send_all(conversation: &mut Conversation) {
    while conversation.next_message().is_some() {}
}

const JPEG: [u8; 4] = [0xFF, 0xD8, 0, 0];

#[test]
fn bad_frames_behind_one_that_takes_its_time_are_bounded_and_counted() {
    let mut conversation = conversation(Limits {
        max_consecutive_bad: NonZeroU32::MAX,
        ..Limits::default()
    });
    receive(&mut conversation, &JPEG);
    let task = conversation.next_task(0).unwrap();
    for _ in 0..10_000 {
        receive(&mut conversation, b"no JPEG");
    }
    assert!(conversation.unanswered.len() <= MAX_UNANSWERED);
    assert_eq!(conversation.next_result(), None);
    fail(&mut conversation, task.id);
    send_all(&mut conversation);
    let stats = conversation.stats();
    assert_eq!(stats.received, 10_001);
    assert_eq!(stats.errors + stats.dropped, 10_001 - stats.left_over);
    // What was dropped after the last answer is for the next one to count.
    receive(&mut conversation, b"no JPEG");
    answer_all(&mut conversation);
    send_all(&mut conversation);
    assert_eq!(conversation.stats().left_over, 0);
    assert_eq!(conversation.unanswered.len(), 0);
    assert!(conversation.is_done());
}

#[test]
fn frames_that_wait_are_dropped_by_their_bytes_and_the_newest_is_kept() {
    let limits = Limits {
        max_message_bytes: 1000,
        ..Limits::default()
    };
    let bound = limits.max_buffered_bytes();
    let mut conversation = conversation(limits);
    let mut frame = JPEG.to_vec();
    frame.resize(900, 0);
    for _ in 0..10 {
        receive(&mut conversation, &frame);
        assert!(conversation.unanswered.buffered_bytes() <= bound);
    }
    let waiting: Vec<u64> = std::iter::from_fn(|| conversation.next_task(0))
        .map(|task| task.id.frame)
        .collect();
    assert_eq!(waiting, [8, 9]);
    assert_eq!(conversation.unanswered.buffered_bytes(), 0);
}

#[test]
fn over_the_rate_the_newest_frame_waits_for_its_turn_and_older_ones_are_dropped() {
    let mut conversation = conversation(Limits {
        max_fps: NonZeroU32::new(2),
        ..Limits::default()
    });
    let taken_up = |conversation: &mut Conversation, now_us| -> Vec<TaskId> {
        std::iter::from_fn(|| conversation.next_task(now_us))
            .map(|task| task.id)
            .collect()
    };
    for _ in 0..5 {
        receive(&mut conversation, &JPEG);
    }
    let first = taken_up(&mut conversation, 0);
    let frames: Vec<u64> = first.iter().map(|id| id.frame).collect();
    assert_eq!(frames, [3, 4]);
    for _ in 0..5 {
        receive(&mut conversation, &JPEG);
        // What is bad anyway costs nothing and waits for the frame before it.
        receive(&mut conversation, b"no JPEG");
    }
    assert_eq!(taken_up(&mut conversation, 100_000), []);
    let wait = conversation.rate_allows_in(100_000);
    assert_eq!(wait, Some(Duration::from_millis(400)));
    for id in first {
        fail(&mut conversation, id);
    }
    let last = taken_up(&mut conversation, 500_000);
    assert_eq!(last[0].frame, 13);
    assert_eq!(conversation.rate_allows_in(500_000), None);
    fail(&mut conversation, last[0]);
    send_all(&mut conversation);
    let stats = conversation.stats();
    assert_eq!((stats.received, stats.dropped), (15, 7));
    assert_eq!((stats.errors, stats.left_over), (8, 0));
}

#[test]
fn stills_over_the_rate_wait_and_none_is_dropped() {
    let mut conversation = conversation(Limits {
        max_fps: NonZeroU32::new(1),
        ..Limits::default()
    });
    let mut still = b"LK\x01\x01".to_vec();
    still.extend([0; 12]);
    still.extend(JPEG);
    for _ in 0..3 {
        receive(&mut conversation, &still);
        receive(&mut conversation, &JPEG);
    }
    let mut order = Vec::new();
    for second in 0..4 {
        let task = conversation.next_task(second * 1_000_000).unwrap();
        assert!(conversation.next_task(second * 1_000_000).is_none());
        order.push(task.id.frame);
        fail(&mut conversation, task.id);
    }
    assert_eq!(order, [0, 2, 4, 5]);
    send_all(&mut conversation);
    let stats = conversation.stats();
    assert_eq!((stats.errors, stats.dropped, stats.left_over), (4, 2, 0));
}

#[test]
fn only_the_clients_own_faults_count_as_bad_frames() {
    let mut conversation = conversation(Limits {
        max_consecutive_bad: NonZeroU32::new(2).unwrap(),
        ..Limits::default()
    });
    let mut still = b"LK\x01\x01".to_vec();
    still.extend([0; 12]);
    still.extend(JPEG);
    for _ in 0..MAX_STILLS + 5 {
        receive(&mut conversation, &still);
    }
    // Five are told that the relay is busy.
    assert_eq!(answer_all(&mut conversation), None);
    let mut end = None;
    for _ in 0..2 {
        assert_eq!(end, None);
        let task = conversation.next_task(0).unwrap();
        end = fail(&mut conversation, task.id);
    }
    assert_eq!(end, Some(End::TooManyBadFrames));
}

#[test]
fn a_message_of_another_quality_than_there_is_changes_nothing() {
    let mut conversation = conversation(Limits::default());
    let end = conversation.receive_text(r#"{"type":"configure","quality":"lite","mirrored":true}"#);
    assert_eq!(end, None);
    let Some(Sendable::Text(error)) = conversation.next_message() else {
        panic!("no answer");
    };
    assert!(error.contains("model-missing"), "{error}");
    assert!(!conversation.session.options().mirrored);
}
