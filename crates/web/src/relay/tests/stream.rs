//! What is sent when, and what comes of the answers.

use live_keypoints_pipeline::signs::{Candidate, Sign, SignEvent};
use live_keypoints_pipeline::{
    ErrorCode, FrameError, FrameResult, HandSource, HandSources, MissingReason, Parts, Quality,
};
use live_keypoints_protocol::{
    ClientMessage, Contents, Format, Keypoints, Label, ServerMessage, WelcomeLimits,
};

use super::driver::{Driver, in_flight, keypoints, options};
use crate::relay::RelayOptions;

#[test]
fn it_offers_the_protocol_configures_and_is_ready_when_the_relay_says_so() {
    let mut driver = Driver::new(RelayOptions {
        parts: Parts {
            pose: false,
            hands: true,
            face: false,
        },
        quality: Some(Quality::Lite),
        buffer_size: 1,
        smoothing: Some(false),
        hand_smoothing: Some(true),
        hand_world: true,
        format: Format::Json,
        token: Some("grüße?".to_owned()),
        ..options()
    });
    assert_eq!(
        driver.last().subprotocols,
        ["live-keypoints.v1", "bearer.Z3LDvMOfZT8"]
    );
    driver.open();
    let configure = concat!(
        r#"{"type":"configure","graph":"landmarkers","parts":["hands"],"quality":"lite","format":"json","smoothing":false,"#,
        r#""hand_smoothing":true,"buffer_size":1,"hand_world":true}"#
    );
    assert_eq!(driver.last().texts, [configure]);
    driver.welcome(WelcomeLimits::default());
    assert!(!driver.is_started);
    driver.say(r#"{"type":"configured","next_index":0}"#);
    assert!(driver.is_started);
    driver.client.close();
    driver.drive();
    assert_eq!(driver.last().texts[1..], [ClientMessage::Bye.to_json()]);
    assert!(driver.last().is_closed_by_client);
    assert_eq!(driver.states, []);
}

#[test]
fn frames_go_out_with_their_id_and_time_as_many_at_once_as_may_be_unanswered() {
    let mut driver = Driver::started(in_flight(2));
    for mark in 0..5 {
        assert_eq!(driver.push_at(mark, f64::from(mark) + 0.5), u64::from(mark));
    }
    let header = driver.last().headers[1];
    assert_eq!((header.frame_id, header.timestamp_us), (1, 1500));
    assert!(!header.is_stateless);
    assert_eq!(driver.last().marks, [0, 1]);
    driver.now_ms += 12.5;
    driver.answer(0);
    assert_eq!(driver.last().ids(), [0, 1, 2]);
    driver.answer_all(&[1, 2]);
    assert_eq!(driver.last().ids(), [0, 1, 2, 3, 4]);
    assert_eq!(driver.timestamps_ms, [0.5, 1.5, 2.5]);
    let FrameResult::Keypoints(first) = &driver.results[0] else {
        panic!("it failed");
    };
    assert_eq!(
        (first.index, first.timestamp_us, first.width),
        (0, 500, 640)
    );
    assert_eq!((&first.pose, &first.face), (&keypoints().pose, &None));
    assert_eq!(first.timings.total, 12_500);
    assert_eq!(driver.counts(), [5, 0, 3, 0, 0, 2]);
}

#[test]
fn signs_are_asked_for_and_told_with_the_times_of_the_frames() {
    let mut driver = Driver::started(RelayOptions {
        signs: true,
        ..options()
    });
    assert!(driver.last().texts[0].contains(r#""signs":true"#));
    driver.push_at(0, 20.5);
    driver.answer(0);
    driver.say(
        r#"{"type":"sign","label":{"gloss":"hand"},"confidence":0.75,"start_us":-500,"end_us":20500,"top":[{"label":"none","confidence":0.25}]}"#,
    );
    driver.say(r#"{"type":"idle"}"#);
    let sign = Sign {
        label: Label::from(&serde_json::json!({ "gloss": "hand" })),
        confidence: 0.75,
        start_us: -500,
        end_us: 20_500,
        top: vec![Candidate {
            label: Label::from(&"none".into()),
            confidence: 0.25,
        }],
    };
    assert_eq!(driver.signs, [SignEvent::Sign(sign), SignEvent::Idle]);
    assert_eq!(driver.keypoints(), [(0, 0)]);
    assert_eq!(driver.ended, None);
}

#[test]
fn while_the_socket_has_more_than_a_frame_to_send_newer_frames_push_out_older_ones() {
    let mut driver = Driver::started(RelayOptions {
        buffer_size: 2,
        ..options()
    });
    driver.sockets[0].unsent_bytes = 1_000_000;
    for mark in 0..5 {
        driver.push(mark);
        driver.advance(30.0);
    }
    assert!(driver.last().ids().is_empty());
    assert_eq!(driver.counts(), [5, 3, 0, 0, 2, 0]);
    assert_eq!(driver.client.stats().unsent_bytes, 1_000_000);
    driver.sockets[0].unsent_bytes = 0;
    driver.advance(10.0);
    assert_eq!(driver.last().ids(), [3, 4]);
    driver.answer_all(&[3, 4]);
    assert_eq!(driver.keypoints(), [(3, 3), (4, 0)]);
}

#[test]
fn an_answer_settles_the_frames_before_it() {
    let mut driver = Driver::started(options());
    for mark in 0..10 {
        driver.push(mark);
    }
    driver.answer(0);
    assert_eq!(driver.last().ids(), [0, 1, 2, 3, 4]);
    driver.answer(3);
    driver.answer(7);
    driver.answer(9);
    assert_eq!(driver.keypoints(), [(0, 0), (3, 2), (7, 3), (9, 1)]);
    assert_eq!(driver.counts(), [10, 6, 4, 0, 0, 0]);
    assert_eq!(driver.client.next_timeout(), None, "nothing is awaited");
    // Whatever comes twice was counted already.
    driver.answer_all(&[9, 5, 0]);
    assert_eq!(driver.results.len(), 4);
}

#[test]
fn no_more_frames_a_second_are_sent_than_the_relay_takes_and_all_of_them_go() {
    let limits = WelcomeLimits {
        max_fps: Some(20),
        ..WelcomeLimits::default()
    };
    let mut driver = Driver::started_with(in_flight(64), limits);
    for mark in 0..20 {
        driver.push(mark);
    }
    // Ten at once, ten more at 20 a second.
    assert_eq!(driver.last().ids().len(), 10);
    for count in 10..20 {
        driver.advance(49.0);
        assert_eq!(driver.last().ids().len(), count);
        driver.advance(1.0);
        assert_eq!(driver.last().ids().len(), count + 1);
    }
    assert_eq!(driver.counts()[1], 0);
}

#[test]
fn frames_from_before_a_reset_hold_nothing_up_as_they_may_never_be_answered() {
    let mut driver = Driver::started(options());
    for mark in 0..4 {
        driver.push(mark);
    }
    driver.reset();
    driver.push(4);
    assert_eq!(driver.last().ids(), [0, 1, 2, 3, 4]);
    // The one that was in work is answered.
    driver.answer_all(&[0, 4]);
    assert_eq!(driver.keypoints(), [(0, 0), (4, 3)]);
    for mark in 5..8 {
        driver.push(mark);
    }
    driver.reset();
    driver.advance(9_999.0);
    assert_eq!((driver.counts()[5], driver.forgotten), (3, 0));
    driver.advance(1.0);
    assert_eq!((driver.counts()[5], driver.forgotten), (0, 1));
    assert_eq!(driver.counts()[1], 6);
    driver.push(8);
    // One that comes after all was counted already.
    driver.answer_all(&[5, 8]);
    assert_eq!(driver.keypoints()[2..], [(8, 3)]);
    assert_eq!(driver.counts(), [9, 6, 3, 0, 0, 0]);
    assert_eq!((driver.failures(), driver.sockets.len()), (vec![], 1));
}

#[test]
fn resets_without_end_do_not_open_the_way_without_end() {
    let mut driver = Driver::started(in_flight(2));
    for mark in 0..20 {
        driver.push(mark);
        driver.reset();
    }
    assert_eq!(driver.last().ids().len(), 4);
    assert_eq!(driver.counts()[5], 4);
}

#[test]
fn the_relays_error_about_a_frame_is_that_frames_and_the_stream_goes_on() {
    let mut driver = Driver::started(options());
    driver.push(0);
    driver.push(1);
    driver.refuse(0, ErrorCode::MalformedPicture);
    driver.answer(1);
    assert_eq!(driver.failures(), [(0, ErrorCode::MalformedPicture)]);
    assert_eq!(driver.keypoints(), [(1, 0)]);
    assert_eq!(driver.counts(), [2, 0, 1, 1, 0, 0]);
}

#[test]
fn what_cannot_be_a_jpeg_does_not_travel() {
    let mut driver = Driver::started(options());
    driver.encodes = false;
    let refused = FrameError::new(ErrorCode::UnsupportedFrame, "no canvas");
    for jpeg in [Ok(vec![]), Ok(vec![0x89, 0x50]), Err(refused)] {
        driver.push(0);
        let (index, _) = driver.encoding.take().unwrap();
        driver.client.encoded(index, jpeg, driver.now_ms);
        driver.drive();
    }
    assert_eq!(
        driver.failures(),
        [
            (0, ErrorCode::EmptyFrame),
            (1, ErrorCode::NotAJpeg),
            (2, ErrorCode::UnsupportedFrame)
        ]
    );
    assert!(driver.last().ids().is_empty());
}

#[test]
fn a_frame_over_the_relays_limit_is_told_here() {
    let limits = WelcomeLimits {
        max_message_bytes: Some(18),
        ..WelcomeLimits::default()
    };
    let mut driver = Driver::started_with(options(), limits);
    driver.push(0);
    assert_eq!(driver.failures(), [(0, ErrorCode::TooManyBytes)]);
    assert!(driver.last().ids().is_empty());
    let FrameResult::Failed(failed) = &driver.results[0] else {
        panic!("it did not fail");
    };
    assert_eq!(
        failed.error.message,
        "the frame has 19 bytes with its header, over the relay's limit of 18"
    );
}

#[test]
fn a_still_goes_ahead_of_the_frames_and_gets_its_own_answer() {
    let mut driver = Driver::started(in_flight(1));
    driver.push(0);
    driver.push(1);
    assert_eq!(driver.still(2), Ok(2));
    driver.answer(0);
    let header = driver.last().headers[1];
    assert_eq!((header.frame_id, header.is_stateless), (2, true));
    driver.refuse(2, ErrorCode::Busy);
    assert_eq!(driver.failures(), [(2, ErrorCode::Busy)]);
    assert_eq!(driver.last().ids(), [0, 2, 1]);
}

#[test]
fn a_reset_throws_away_what_waits_and_what_is_encoded_and_the_relay_hears_of_it() {
    let mut driver = Driver::started(in_flight(2));
    driver.push(0);
    driver.encodes = false;
    driver.push(1);
    driver.push(2);
    driver.reset();
    assert_eq!(driver.last().texts[1..], [ClientMessage::Reset.to_json()]);
    driver.push(3);
    // The encoder is still at the frame that is of no use any more.
    assert_eq!(driver.encoding, Some((1, 1)));
    driver.encoded();
    driver.encodes = true;
    driver.drive();
    driver.encoded();
    driver.drive();
    assert_eq!(driver.last().ids(), [0, 3]);
    driver.say(r#"{"type":"reset","next_index":1}"#);
    driver.answer_all(&[0, 3]);
    assert_eq!(driver.keypoints(), [(0, 0), (3, 2)]);
    assert_eq!(driver.counts(), [4, 2, 2, 0, 0, 0]);
}

#[test]
fn json_results_bring_scores_reasons_and_times() {
    let mut driver = Driver::started(RelayOptions {
        mirrored: Some(true),
        format: Format::Json,
        ..options()
    });
    assert!(driver.last().texts[0].contains(r#""mirrored":true"#));
    driver.push(7);
    let mut sent = keypoints();
    sent.scores.face = Some(1.0);
    sent.missing.left_hand = Some(MissingReason::OutOfView);
    sent.timings.pose = 3000;
    sent.hand_sources = Some(HandSources {
        left_hand: None,
        right_hand: Some(HandSource::Palm),
    });
    let message = Keypoints::new(&sent, Some(0), &Contents::default());
    driver.say(&ServerMessage::Keypoints(Box::new(message)).to_json());
    let FrameResult::Keypoints(result) = &driver.results[0] else {
        panic!("it failed");
    };
    sent.index = 0;
    sent.timestamp_us = 7000;
    assert_eq!(**result, sent);
}

#[test]
fn after_close_every_call_is_refused_and_nothing_is_told() {
    let mut driver = Driver::started(in_flight(1));
    driver.push(0);
    driver.push(1);
    driver.still(2).unwrap();
    let id = driver.last().id;
    driver.client.close();
    driver.client.close();
    driver.client.handle_close(id, 1000, "", driver.now_ms);
    driver.drive();
    driver.advance(100_000.0);
    let refused = driver.client.add_frame(3, 0.0, 0.0).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Closed);
    assert_eq!(driver.still(4), Err(ErrorCode::Closed));
    assert_eq!((driver.results.len(), driver.states.len()), (0, 0));
    assert_eq!(driver.counts(), [3, 3, 0, 0, 0, 0]);
    assert_eq!(driver.sockets.len(), 1);
}

#[test]
fn frame_ids_wrap_and_indices_do_not() {
    use crate::relay::outbox::Outbox;
    let mut outbox = Outbox::starting_at(50, u64::from(u32::MAX) - 1);
    for mark in 0..4_u8 {
        outbox.add(mark, 0.0, 0.0);
        let (stamp, _) = outbox.take().unwrap();
        outbox.sent();
        assert_eq!(stamp.frame_id(), (u32::MAX - 1).wrapping_add(mark.into()));
    }
    let settled = outbox.answered(u32::MAX).unwrap().unwrap();
    assert_eq!((settled.stamp.index, settled.dropped), (u32::MAX.into(), 1));
    let settled = outbox.answered(1).unwrap().unwrap();
    assert_eq!((settled.stamp.index, settled.dropped), ((1 << 32) + 1, 1));
    assert_eq!(outbox.answered(2).unwrap(), None, "it was sent an age ago");
}
