//! Connections that cannot be had, are lost, or end, and what becomes of the frames.

use live_keypoints_pipeline::{ErrorCode, FrameError};
use live_keypoints_protocol::WelcomeLimits;

use super::driver::{Driver, in_flight, options};
use crate::relay::{LinkState, Reconnect, RelayOptions};

/// What a stream ends with whose first connection is treated like this.
fn refusal(options: RelayOptions, treat: impl FnOnce(&mut Driver)) -> FrameError {
    let mut driver = Driver::new(options);
    driver.push(0);
    treat(&mut driver);
    driver.advance(100_000.0);
    assert_eq!(driver.sockets.len(), 1, "there is no second attempt");
    assert!(driver.last().is_closed_by_client);
    assert!(!driver.is_started);
    assert_eq!((driver.states.len(), driver.results.len()), (0, 0));
    assert_eq!(driver.counts(), [1, 1, 0, 0, 0, 0]);
    driver.ended.unwrap()
}

#[test]
fn a_connection_that_cannot_be_opened_says_where_and_why() {
    let error = refusal(options(), |driver| driver.end(1006, ""));
    assert_eq!(error.code, ErrorCode::ConnectionLost);
    assert_eq!(
        error.message,
        "The connection to wss://relay.example/live-signs could not be opened: closed with code 1006, no reason is given."
    );
    let full = refusal(options(), |driver| {
        driver.open();
        driver.end(1013, "16 sessions already");
    });
    assert!(full.message.contains("1013, 16 sessions already"));
    let told = refusal(options(), |driver| {
        let id = driver.last().id;
        driver
            .client
            .handle_complaint(id, "certificate has expired");
        driver.end(1006, "");
    });
    assert!(told.message.contains("1006, certificate has expired."));
}

#[test]
fn a_relay_that_says_nothing_is_given_up_in_time() {
    let hasty = || RelayOptions {
        connect_timeout_ms: 20,
        ..options()
    };
    let error = refusal(hasty(), |_| ());
    assert_eq!(error.code, ErrorCode::ConnectionLost);
    assert!(error.message.contains("it was not ready after 20 ms"));
    let half = refusal(hasty(), |driver| {
        driver.open();
        driver.welcome(WelcomeLimits::default());
    });
    assert!(half.message.contains("it was not ready after 20 ms"));
}

#[test]
fn another_version_refused_options_and_nonsense_are_told_apart() {
    let old = refusal(options(), |driver| {
        driver.open();
        driver.say(r#"{"type":"welcome","protocol":"live-keypoints.v7"}"#);
    });
    assert_eq!(old.code, ErrorCode::VersionMismatch);
    assert_eq!(
        old.message,
        "The relay at wss://relay.example/live-signs speaks live-keypoints.v7; this page speaks live-keypoints.v1"
    );
    let refused = refusal(options(), |driver| {
        driver.open();
        driver.welcome(WelcomeLimits::default());
        driver.say(
            r#"{"type":"error","code":"invalid-option","message":"option hand_smoothing is not known here"}"#,
        );
    });
    assert_eq!(refused.code, ErrorCode::InvalidOption);
    assert!(
        refused
            .message
            .contains("refuses these options: option handSmoothing is not known")
    );
    for nonsense in ["<!doctype html>", "null", r#"{"type":"welcome"}"#] {
        let error = refusal(options(), |driver| {
            driver.open();
            driver.say(nonsense);
        });
        assert_eq!(error.code, ErrorCode::InvalidMessage);
        let start = "The relay sent a message that live-keypoints.v1 does not have: ";
        assert!(error.message.starts_with(start), "{}", error.message);
    }
    let blocked = refusal(options(), |driver| {
        let id = driver.last().id;
        let error = FrameError::new(ErrorCode::ConnectionLost, "blocked by the page's policy");
        driver.client.handle_failure(id, error, driver.now_ms);
        driver.drive();
    });
    assert_eq!(blocked.message, "blocked by the page's policy");
}

#[test]
fn a_lost_connection_is_opened_again_its_unanswered_frames_are_told_and_those_that_wait_are_sent() {
    let mut driver = Driver::started(in_flight(2));
    for mark in 0..4 {
        driver.push(mark);
    }
    driver.still(4).unwrap();
    driver.answer(0);
    assert_eq!(driver.last().ids(), [0, 1, 4], "a still goes first");
    driver.end(1006, "");
    let lost = ErrorCode::ConnectionLost;
    assert_eq!(driver.failures(), [(1, lost), (4, lost)]);
    driver.advance(10.0);
    assert_eq!(driver.sockets.len(), 2);
    driver.accept();
    assert!(driver.last().texts[0].starts_with(r#"{"type":"configure""#));
    assert_eq!(driver.push(5), 5);
    assert_eq!(driver.last().ids(), [2, 3]);
    driver.answer_all(&[2, 3, 5]);
    assert_eq!(driver.keypoints(), [(0, 0), (2, 0), (3, 0), (5, 0)]);
    use LinkState::{Connecting, Open, Waiting};
    assert_eq!(driver.state_words(), [Waiting, Connecting, Open]);
    assert!(
        driver.states[0]
            .reason
            .as_deref()
            .unwrap()
            .contains("was lost")
    );
    assert_eq!(driver.counts(), [6, 0, 4, 2, 0, 0]);
    assert_eq!(driver.client.stats().lost, 1);
}

#[test]
fn without_a_connection_the_newest_frames_are_kept_and_no_more_than_the_buffer_takes() {
    let mut driver = Driver::started(RelayOptions {
        buffer_size: 2,
        ..options()
    });
    driver.end(1001, "shutting down");
    for mark in 0..5 {
        driver.push(mark);
    }
    assert_eq!(driver.counts(), [5, 3, 0, 0, 2, 0]);
    driver.advance(10.0);
    driver.accept();
    assert_eq!(driver.last().ids(), [3, 4]);
}

#[test]
fn a_frame_that_was_encoded_in_vain_is_sent_over_the_next_connection() {
    let mut driver = Driver::started(options());
    driver.encodes = false;
    driver.push(7);
    driver.end(1006, "");
    driver.encoded();
    driver.drive();
    assert_eq!(driver.counts(), [1, 0, 0, 0, 1, 0]);
    driver.advance(10.0);
    driver.accept();
    assert_eq!(
        (driver.last().marks.as_slice(), driver.encoding),
        (&[7][..], None)
    );
}

#[test]
fn attempts_go_on_each_after_a_longer_wait_until_an_answer_makes_the_next_wait_short_again() {
    let mut driver = Driver::started(RelayOptions {
        reconnect: Reconnect {
            first_ms: 8,
            most_ms: Some(64),
            max_attempts: None,
        },
        ..options()
    });
    for attempt in 0..5 {
        driver.end(1006, "");
        driver.advance(64.0);
        assert_eq!(driver.sockets.len(), attempt + 2);
    }
    // Opened and lost again without an answer: still the same trouble.
    driver.accept();
    driver.end(1006, "");
    driver.advance(64.0);
    driver.accept();
    driver.push(0);
    driver.answer(0);
    driver.end(1006, "");
    let waits: Vec<f64> = driver
        .states
        .iter()
        .filter_map(|state| state.retry_in_ms)
        .collect();
    let longest = [8.0, 16.0, 32.0, 64.0, 64.0, 64.0, 8.0];
    assert_eq!(waits.len(), longest.len());
    for (wait, longest) in waits.iter().zip(longest) {
        assert!((longest / 2.0..=longest).contains(wait), "{wait}");
    }
}

#[test]
fn while_the_relay_is_closing_nothing_is_sent_as_it_would_vanish() {
    let mut driver = Driver::started(options());
    let id = driver.last().id;
    driver.sockets[0].is_open = false;
    driver.client.observe(id, false, 0, driver.now_ms);
    driver.push(0);
    driver.reset();
    driver.push(1);
    driver.advance(100.0);
    assert!(driver.last().ids().is_empty());
    assert_eq!(driver.last().texts.len(), 1, "configure alone");
    driver.end(1001, "shutting down");
    driver.advance(10.0);
    driver.accept();
    assert_eq!(driver.last().ids(), [1]);
    assert_eq!(driver.failures(), []);
}

#[test]
fn a_socket_that_never_ends_closing_is_given_up() {
    let mut driver = Driver::started(options());
    let id = driver.last().id;
    driver.sockets[0].is_open = false;
    driver.client.observe(id, false, 0, driver.now_ms);
    driver.advance(9_999.0);
    assert_eq!(driver.sockets.len(), 1);
    driver.advance(20.0);
    assert_eq!(driver.sockets.len(), 2);
    let reason = driver.states[0].reason.as_deref().unwrap();
    assert!(
        reason.contains("it was not closed after 10000 ms"),
        "{reason}"
    );
}

#[test]
fn close_ends_the_attempts() {
    let mut driver = Driver::started(options());
    driver.end(1006, "");
    driver.client.close();
    driver.drive();
    driver.advance(100_000.0);
    assert_eq!(driver.sockets.len(), 1);
}

#[test]
fn where_no_attempt_is_wanted_or_a_later_one_is_refused_the_stream_ends_with_the_reason() {
    let attempts = |max_attempts| RelayOptions {
        reconnect: Reconnect {
            first_ms: 1,
            max_attempts: Some(max_attempts),
            ..Reconnect::default()
        },
        ..options()
    };
    let mut once = Driver::started(attempts(0));
    once.push(0);
    once.end(1006, "");
    assert_eq!(once.failures(), [(0, ErrorCode::ConnectionLost)]);
    assert_eq!(once.ended.as_ref().unwrap().code, ErrorCode::ConnectionLost);
    assert!(once.client.add_frame(1, 0.0, 0.0).is_err());

    let mut twice = Driver::started(attempts(2));
    for attempt in 0..3 {
        assert_eq!((twice.sockets.len(), &twice.ended), (attempt + 1, &None));
        twice.end(1006, "");
        twice.advance(2.0);
    }
    assert_eq!(twice.sockets.len(), 3);
    assert!(twice.ended.is_some());

    let mut later = Driver::started(options());
    later.end(1006, "");
    later.advance(10.0);
    later.open();
    later.say(r#"{"type":"welcome","protocol":"live-keypoints.v2"}"#);
    assert_eq!(later.ended.unwrap().code, ErrorCode::VersionMismatch);
}

#[test]
fn a_policy_that_refuses_this_client_is_not_asked_again_and_an_overloaded_relay_is() {
    for (code, is_refusal) in [
        (1002, true),
        (1003, true),
        (1007, true),
        (1008, true),
        (1013, false),
    ] {
        let mut driver = Driver::started(options());
        driver.end(1006, "");
        driver.advance(10.0);
        driver.open();
        driver.end(code, "");
        driver.advance(100.0);
        assert_eq!(driver.ended.is_some(), is_refusal, "{code}");
        assert_eq!(driver.sockets.len(), if is_refusal { 2 } else { 3 });
        // Once it computes, it may have had enough for a while only.
        let mut computing = Driver::started(options());
        computing.end(code, "");
        assert_eq!(computing.ended, None);
    }
}

#[test]
fn a_relay_that_ends_an_idle_session_is_asked_again_with_the_next_frame() {
    let mut driver = Driver::started(options());
    driver.end(1000, "idle");
    driver.advance(100_000.0);
    assert_eq!(driver.sockets.len(), 1);
    assert_eq!(driver.state_words(), [LinkState::Idle]);
    driver.push(0);
    driver.accept();
    driver.answer(0);
    assert_eq!(driver.keypoints(), [(0, 0)]);
    use LinkState::{Connecting, Idle, Open};
    assert_eq!(driver.state_words(), [Idle, Connecting, Open]);
    // With a frame on its way it is a loss.
    driver.push(1);
    driver.push(2);
    driver.encodes = false;
    driver.push(3);
    driver.end(1000, "bye");
    assert_eq!(driver.state_words()[3..], [LinkState::Waiting]);
}

#[test]
fn a_relay_that_owes_an_answer_and_is_silent_is_given_up() {
    let mut driver = Driver::started(RelayOptions {
        answer_timeout_ms: 60,
        ..options()
    });
    // Silence where nothing is owed is no fault.
    driver.advance(1000.0);
    assert_eq!(driver.sockets.len(), 1);
    driver.push(0);
    driver.push(1);
    driver.advance(50.0);
    driver.answer(0);
    driver.advance(59.0);
    assert_eq!(driver.sockets.len(), 1);
    driver.advance(11.0);
    assert!(driver.sockets[0].is_closed_by_client);
    assert_eq!(driver.sockets.len(), 2);
    assert_eq!(driver.failures(), [(1, ErrorCode::ConnectionLost)]);
    let reason = driver.states[0].reason.as_deref().unwrap();
    assert!(reason.contains("no answer for 60 ms"));
    // What the old connection still says is nobody's.
    let old = driver.sockets[0].id;
    driver
        .client
        .handle_text(old, "<!doctype html>", driver.now_ms);
    driver.client.handle_close(old, 1008, "", driver.now_ms);
    driver.drive();
    driver.accept();
    assert_eq!(driver.client.stats().lost, 1);
}

#[test]
fn a_line_that_takes_nothing_is_given_up() {
    let mut driver = Driver::started(options());
    driver.sockets[0].unsent_bytes = 1000;
    driver.push(0);
    driver.advance(9_000.0);
    // It went on, and there was nothing more to send for a while.
    driver.sockets[0].unsent_bytes = 0;
    driver.advance(10.0);
    driver.answer(0);
    driver.advance(100_000.0);
    assert_eq!(driver.sockets.len(), 1);
    driver.sockets[0].unsent_bytes = 1000;
    driver.push(1);
    driver.advance(9_999.0);
    assert_eq!(driver.sockets.len(), 1);
    driver.advance(20.0);
    let reason = driver.states[0].reason.as_deref().unwrap();
    assert!(
        reason.contains("nothing could be sent for 10000 ms"),
        "{reason}"
    );
    driver.accept();
    assert_eq!(driver.last().ids(), [1]);
}

#[test]
fn an_answer_to_a_frame_that_was_never_sent_and_one_that_is_none_cost_the_connection_alone() {
    let spoils: [fn(&mut Driver); 5] = [
        |driver| {
            let id = driver.last().id;
            driver.client.handle_other(id, driver.now_ms);
            driver.drive();
        },
        |driver| driver.answer(77),
        |driver| driver.say(r#"{"type":"keypoints","index":0}"#),
        |driver| driver.say("nonsense"),
        |driver| {
            let id = driver.last().id;
            driver.client.handle_binary(id, &[0; 5], driver.now_ms);
            driver.drive();
        },
    ];
    for spoil in spoils {
        let mut driver = Driver::started(options());
        driver.push(0);
        spoil(&mut driver);
        assert_eq!(driver.failures(), [(0, ErrorCode::ConnectionLost)]);
        driver.advance(10.0);
        assert_eq!((driver.sockets.len(), &driver.ended), (2, &None));
    }
}

#[test]
fn what_a_later_relay_says_besides_disturbs_nobody() {
    let mut driver = Driver::started(options());
    driver.push(0);
    driver.say(r#"{"type":"news","of":{"a":[1]}}"#);
    driver.say(r#"{"type":"stats","received":1,"keypoints":0,"errors":0,"dropped":0,"left_over":1,"more":2}"#);
    driver.say(
        r#"{"type":"error","code":"too-blue","message":"m","index":0,"frame_id":0,"dropped":0}"#,
    );
    assert_eq!(driver.failures(), [(0, ErrorCode::Internal)]);
    assert_eq!(driver.sockets.len(), 1);
}
