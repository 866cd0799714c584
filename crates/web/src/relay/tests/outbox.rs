//! The outbox by itself.

use live_keypoints_pipeline::{ErrorCode, MAX_STILLS};

use crate::relay::outbox::{Outbox, Picture, Stamp};

/// An outbox that has taken so many frames, of which the first `sent` are on their way.
fn filled(buffer_size: usize, frames: u8, sent: usize) -> Outbox<u8> {
    let mut outbox = Outbox::new(buffer_size);
    for mark in 0..frames {
        outbox.add(mark, mark.into(), mark.into());
    }
    for _ in 0..sent {
        send(&mut outbox);
    }
    outbox
}

fn take(outbox: &mut Outbox<u8>) -> Stamp {
    outbox.take().unwrap().0
}

fn send(outbox: &mut Outbox<u8>) -> Stamp {
    let stamp = take(outbox);
    outbox.sent();
    stamp
}

/// Every frame that came in is in exactly one place.
fn assert_balance(outbox: &Outbox<u8>, answered: u64) {
    let here = (outbox.waiting() + outbox.in_flight()) as u64;
    assert_eq!(outbox.received(), outbox.dropped() + here + answered);
}

/// Index and `dropped` of what an answer settles.
fn settled(outbox: &mut Outbox<u8>, frame_id: u32) -> Option<(u64, u64)> {
    let settled = outbox.answered(frame_id).unwrap()?;
    Some((settled.stamp.index, settled.dropped))
}

#[test]
fn a_full_buffer_drops_its_oldest_frame_and_the_next_one_counts_it() {
    let mut outbox = filled(2, 4, 0);
    let first = take(&mut outbox);
    assert_eq!((first.index, first.dropped_before), (2, 2));
    outbox.sent();
    let second = take(&mut outbox);
    assert_eq!((second.index, second.dropped_before), (3, 0));
    assert_eq!(settled(&mut outbox, 2), Some((2, 2)));
    assert_balance(&outbox, 1);
}

#[test]
fn stills_go_first_are_not_dropped_for_frames_and_are_as_many_as_a_relay_takes() {
    let mut outbox = filled(1, 3, 0);
    for still in 0..MAX_STILLS as u64 {
        if still == 2 {
            send(&mut outbox);
        }
        assert_eq!(outbox.add_still(0, 0.0, 0.0), Ok(3 + still));
    }
    let refused = outbox.add_still(0, 0.0, 0.0);
    assert_eq!(refused.unwrap_err().code, ErrorCode::Busy);
    for still in 1..MAX_STILLS as u64 {
        let stamp = send(&mut outbox);
        assert_eq!((stamp.index, stamp.is_still), (3 + still, true));
    }
    let stamp = send(&mut outbox);
    assert_eq!((stamp.index, stamp.is_still), (2, false));
    assert!(outbox.take().is_none());
    // The still's answer says nothing of the frame before it, and leaves room for another one.
    assert_eq!(settled(&mut outbox, 3), Some((3, 0)));
    assert_eq!(outbox.add_still(0, 0.0, 0.0), Ok(3 + MAX_STILLS as u64));
    assert_eq!(settled(&mut outbox, 2), Some((2, 2)));
    assert_balance(&outbox, 2);
}

#[test]
fn an_answer_settles_its_frame_and_the_older_ones_which_get_none_any_more() {
    let mut outbox = filled(2, 3, 2);
    outbox.add_still(3, 3.0, 3.0).unwrap();
    send(&mut outbox);
    outbox.add(4, 4.0, 4.0);
    send(&mut outbox);
    // Frame 0 was dropped here, 1 and 2 were on the relay.
    assert_eq!(settled(&mut outbox, 4), Some((4, 3)));
    assert_eq!((outbox.unanswered(), outbox.owed()), (1, 1), "the still");
    assert_eq!(settled(&mut outbox, 1), None, "it is settled already");
    assert_balance(&outbox, 1);
    assert_eq!(settled(&mut outbox, 3), Some((3, 0)));
    assert_balance(&outbox, 2);
}

#[test]
fn frames_from_before_a_reset_are_owed_no_answer_and_are_counted_by_the_next_frame_at_last() {
    let mut outbox = filled(50, 4, 3);
    outbox.add_still(4, 4.0, 4.0).unwrap();
    send(&mut outbox);
    assert!(!outbox.has_room(4));
    outbox.reset();
    assert_eq!((outbox.unanswered(), outbox.owed()), (4, 1));
    assert!(outbox.has_room(4));
    assert!(
        !outbox.has_room(2),
        "no more than twice as many are on their way"
    );
    assert_eq!(settled(&mut outbox, 0), Some((0, 0)));
    outbox.add(5, 5.0, 5.0);
    outbox.forget_thrown_away();
    assert_eq!((outbox.unanswered(), outbox.owed()), (1, 1));
    assert_eq!(settled(&mut outbox, 2), None);
    // Frame 3 waited and was thrown away here.
    assert_eq!(send(&mut outbox).dropped_before, 3);
    assert_eq!(settled(&mut outbox, 5), Some((5, 3)));
    assert_balance(&outbox, 2);
    outbox.reset();
    outbox.forget_thrown_away();
    assert_eq!(outbox.unanswered(), 1);
    assert_eq!(outbox.lost()[0].index, 4);
}

#[test]
fn an_answer_to_a_frame_that_was_never_sent_is_refused() {
    let mut outbox = filled(50, 2, 0);
    for frame_id in [0, 1, u32::MAX] {
        assert!(outbox.answered(frame_id).is_err());
    }
    send(&mut outbox);
    let error = outbox.answered(1).unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidMessage);
    assert_eq!(
        error.message,
        "The relay answered frame 1, which was not sent."
    );
}

#[test]
fn a_frame_that_could_not_be_sent_waits_again_in_its_place_unless_newer_ones_fill_the_buffer() {
    let mut outbox = filled(2, 2, 0);
    let first = take(&mut outbox);
    outbox.put_back(vec![9]);
    let (again, picture) = outbox.take().unwrap();
    assert_eq!(again, first);
    assert!(matches!(picture, Picture::Jpeg(jpeg) if jpeg == [9]));
    outbox.add(2, 2.0, 2.0);
    outbox.put_back(vec![9]);
    assert_eq!(take(&mut outbox).dropped_before, 1);
    assert_balance(&outbox, 0);
    let mut outbox = Outbox::new(1);
    outbox.add_still(0_u8, 0.0, 0.0).unwrap();
    let still = take(&mut outbox);
    outbox.put_back(vec![1]);
    assert_eq!(take(&mut outbox), still);
}

#[test]
fn a_reset_throws_away_what_waits_and_what_is_taken_but_no_still_and_the_next_frame_counts_them() {
    let mut outbox = filled(50, 4, 1);
    outbox.add_still(4, 0.0, 0.0).unwrap();
    let still = take(&mut outbox);
    outbox.reset();
    assert_eq!(
        (outbox.waiting(), outbox.taken(still.index)),
        (0, Some(still))
    );
    outbox.sent();
    outbox.add(5, 5.0, 5.0);
    let taken = take(&mut outbox);
    assert_eq!(taken.dropped_before, 3);
    outbox.reset();
    assert_eq!(outbox.taken(taken.index), None);
    outbox.sent();
    assert_eq!(outbox.unanswered(), 2, "frame 0 and the still");
    assert_eq!(outbox.add(6, 6.0, 6.0), 6);
    assert_eq!(take(&mut outbox).dropped_before, 4);
    assert_balance(&outbox, 0);
    outbox.clear();
    assert_balance(&outbox, 0);
}
