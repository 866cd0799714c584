//! Whatever happens, in whatever order: no frame is lost without a count, none answered twice, memory is bounded, and
//! every wait has an end.

use live_keypoints_pipeline::{ErrorCode, FrameError, FrameResult, MAX_STILLS};
use live_keypoints_protocol::WelcomeLimits;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::driver::{Driver, options};
use crate::relay::{LinkState, Reconnect, RelayOptions};

const BUFFER_SIZE: u32 = 3;
const MAX_IN_FLIGHT: u32 = 3;

/// Something that happens.
#[derive(Clone, Debug)]
enum Happening {
    Push,
    Still,
    Reset,
    Encoded,
    EncoderFails,
    EncoderGivesNonsense,
    /// An answer of an encoder that was not asked.
    EncodedUnasked,
    Open,
    Welcome(Option<u32>),
    Configured,
    Answer(Index),
    AnswerNewest,
    Refuse(Index),
    AnswerUnsent(u32),
    Text(&'static str),
    Binary,
    Close(u16),
    SocketFails,
    Closing,
    Unsent(u64),
    Advance(u16),
    Timeout,
    End,
}

fn happening() -> impl Strategy<Value = Happening> {
    use Happening::*;
    let texts = select(
        &[
            "",
            "{}",
            r#"{"type":"news"}"#,
            r#"{"type":"reset","next_index":1}"#,
            r#"{"type":"error","code":"internal","message":"of no frame"}"#,
        ][..],
    );
    let codes = select(&[1000, 1001, 1006, 1008, 1013][..]);
    prop_oneof![
        12 => Just(Push),
        3 => Just(Still),
        2 => Just(Reset),
        8 => Just(Encoded),
        1 => Just(EncoderFails),
        1 => Just(EncoderGivesNonsense),
        1 => Just(EncodedUnasked),
        3 => Just(Open),
        3 => of_fps().prop_map(Welcome),
        3 => Just(Configured),
        6 => any::<Index>().prop_map(Answer),
        4 => Just(AnswerNewest),
        2 => any::<Index>().prop_map(Refuse),
        1 => any::<u32>().prop_map(AnswerUnsent),
        1 => texts.prop_map(Text),
        1 => Just(Binary),
        2 => codes.prop_map(Close),
        1 => Just(SocketFails),
        1 => Just(Closing),
        2 => (0..200_u64).prop_map(Unsent),
        4 => (0..300_u16).prop_map(Advance),
        2 => Just(Timeout),
        1 => Just(End),
    ]
}

fn of_fps() -> impl Strategy<Value = Option<u32>> {
    prop::option::of(1..60_u32)
}

fn small_options(max_attempts: Option<u32>) -> RelayOptions {
    RelayOptions {
        buffer_size: BUFFER_SIZE,
        max_frames_in_flight: MAX_IN_FLIGHT,
        connect_timeout_ms: 200,
        answer_timeout_ms: 200,
        reconnect: Reconnect {
            first_ms: 10,
            most_ms: Some(40),
            max_attempts,
        },
        ..options()
    }
}

fn happen(driver: &mut Driver, happening: &Happening) {
    let id = driver.last().id;
    let is_open = driver.last().is_open;
    let is_over = driver.last().is_closed_by_client;
    match happening {
        Happening::Push => _ = driver.client.add_frame(0, driver.now_ms, driver.now_ms),
        Happening::Still => {
            let index = driver.client.add_still(0, driver.now_ms);
            driver.stills.extend(index);
        }
        Happening::Reset => driver.client.reset(),
        Happening::Encoded => driver.encoded(),
        Happening::EncoderFails => answer_encoding(
            driver,
            Err(FrameError::new(ErrorCode::UnsupportedFrame, "no canvas")),
        ),
        Happening::EncoderGivesNonsense => answer_encoding(driver, Ok(vec![1, 2, 3])),
        Happening::EncodedUnasked => {
            let index = driver.encoding.map_or(0, |(index, _)| index + 1);
            driver
                .client
                .encoded(index, Ok(vec![0xFF, 0xD8, 0]), driver.now_ms);
        }
        Happening::Open if !is_open && !is_over => driver.open(),
        Happening::Welcome(max_fps) if is_open => driver.welcome(WelcomeLimits {
            max_fps: *max_fps,
            ..WelcomeLimits::default()
        }),
        Happening::Configured => driver.say(r#"{"type":"configured","next_index":0}"#),
        Happening::Answer(at) => {
            if let Some(frame_id) = sent_id(driver, at) {
                driver.answer(frame_id);
            }
        }
        Happening::AnswerNewest => {
            if let Some(frame_id) = driver.last().ids().last() {
                driver.answer(*frame_id);
            }
        }
        Happening::Refuse(at) => {
            if let Some(frame_id) = sent_id(driver, at) {
                driver.refuse(frame_id, ErrorCode::MalformedPicture);
            }
        }
        Happening::AnswerUnsent(frame_id) => driver.answer(*frame_id),
        Happening::Text(text) => driver.say(text),
        Happening::Binary => driver.client.handle_binary(id, b"LK\x01", driver.now_ms),
        Happening::Close(code) => driver.end(*code, ""),
        Happening::SocketFails => {
            let error = FrameError::new(ErrorCode::ConnectionLost, "it throws");
            driver.client.handle_failure(id, error, driver.now_ms);
        }
        Happening::Closing => {
            driver.sockets.last_mut().unwrap().is_open = false;
            driver.client.observe(id, false, 0, driver.now_ms);
        }
        Happening::Unsent(bytes) => driver.sockets.last_mut().unwrap().unsent_bytes = *bytes,
        Happening::Advance(ms) => driver.advance((*ms).into()),
        Happening::Timeout => {
            if let Some(due_ms) = driver.client.next_timeout() {
                driver.advance(due_ms - driver.now_ms);
            }
        }
        Happening::End => driver.client.close(),
        Happening::Open | Happening::Welcome(_) => {}
    }
    driver.drive();
}

fn answer_encoding(driver: &mut Driver, jpeg: Result<Vec<u8>, FrameError>) {
    if let Some((index, _)) = driver.encoding.take() {
        driver.client.encoded(index, jpeg, driver.now_ms);
    }
}

fn sent_id(driver: &Driver, at: &Index) -> Option<u32> {
    let ids = driver.last().ids();
    (!ids.is_empty()).then(|| ids[at.index(ids.len())])
}

fn assert_sound(driver: &Driver, is_closed: bool) {
    // That nothing is lost is asserted where the counts are made.
    let [_, dropped, completed, failed, buffered, in_flight] = driver.counts();
    assert!(buffered <= u64::from(BUFFER_SIZE) + MAX_STILLS as u64);
    assert!(in_flight <= 2 * u64::from(MAX_IN_FLIGHT));
    assert_eq!(driver.keypoints().len() as u64, completed);
    assert_eq!(driver.failures().len() as u64, failed);
    let mut indices: Vec<u64> = driver.results.iter().map(FrameResult::index).collect();
    indices.sort_unstable();
    assert!(
        indices.windows(2).all(|two| two[0] < two[1]),
        "answered twice"
    );
    let of_stream = driver.keypoints().into_iter().map(|(index, _)| index);
    assert!(
        of_stream
            .filter(|index| !driver.stills.contains(index))
            .is_sorted(),
        "out of order"
    );
    assert!(dropped_in_results(driver) <= dropped);
    let is_over = is_closed || driver.ended.is_some();
    let waits_for_relay = in_flight > u64::from(driver.encoding.is_some());
    let waits_for_room = buffered > 0 && driver.encoding.is_none();
    let state = driver.client.stats().state;
    let is_on_its_way = matches!(state, LinkState::Connecting | LinkState::Waiting);
    if !is_over && (waits_for_relay || waits_for_room || is_on_its_way) {
        assert!(
            driver.client.next_timeout().is_some(),
            "a wait without an end"
        );
    }
    if is_over {
        assert_eq!(driver.client.next_timeout(), None);
        assert_eq!((buffered, in_flight), (0, 0));
    }
}

fn dropped_in_results(driver: &Driver) -> u64 {
    let results = driver.results.iter();
    let counts = results.map(|result| match result {
        FrameResult::Keypoints(keypoints) => keypoints.dropped,
        FrameResult::Failed(failed) => failed.dropped,
    });
    counts.sum()
}

proptest! {
    #[test]
    fn whatever_happens_every_frame_is_counted_once_and_every_wait_ends(
        happenings in prop::collection::vec(happening(), 0..150),
        encodes in any::<bool>(),
        is_started in any::<bool>(),
    ) {
        let mut driver = Driver::new(small_options(None));
        driver.encodes = encodes;
        if is_started {
            driver.accept();
        }
        let mut is_closed = false;
        for happening in &happenings {
            happen(&mut driver, happening);
            is_closed |= matches!(happening, Happening::End);
            assert_sound(&driver, is_closed);
        }
        if is_closed || driver.ended.is_some() || !driver.is_started {
            return Ok(());
        }
        // A good relay at last: one more frame, and its answer counts all that was dropped.
        driver.encodes = true;
        driver.encoded();
        driver.advance(1000.0);
        for _ in 0..50 {
            if !driver.last().is_open && !driver.last().is_closed_by_client {
                driver.accept();
            }
            driver.sockets.last_mut().unwrap().unsent_bytes = 0;
            driver.advance(100.0);
        }
        if driver.ended.is_some() {
            return Ok(());
        }
        driver.client.add_frame(0, driver.now_ms, driver.now_ms).unwrap();
        driver.drive();
        for _ in 0..100 {
            if !driver.last().is_open && !driver.last().is_closed_by_client {
                driver.accept();
            }
            let ids = driver.last().ids();
            driver.answer_all(&ids);
            driver.advance(20.0);
        }
        assert_sound(&driver, false);
        let [_, dropped, _, _, buffered, in_flight] = driver.counts();
        prop_assert_eq!((buffered, in_flight), (0, 0));
        prop_assert_eq!(dropped_in_results(&driver), dropped);
    }

    #[test]
    fn with_nobody_there_any_more_everything_ends(
        happenings in prop::collection::vec(happening(), 0..100),
    ) {
        let mut driver = Driver::new(small_options(Some(2)));
        driver.accept();
        for happening in &happenings {
            happen(&mut driver, happening);
        }
        driver.encoded();
        driver.encodes = true;
        driver.drive();
        for _ in 0..200 {
            let Some(due_ms) = driver.client.next_timeout() else { break };
            prop_assert!(due_ms >= driver.now_ms - 1.0, "it is long due");
            driver.advance(due_ms - driver.now_ms);
        }
        prop_assert_eq!(driver.client.next_timeout(), None);
        let [.., buffered, in_flight] = driver.counts();
        prop_assert_eq!((buffered, in_flight), (0, 0));
    }
}
