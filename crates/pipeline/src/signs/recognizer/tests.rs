use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::signs::event::Candidate;
use crate::signs::test_frames::{empty, in_mirror, with_right_hand};

/// A recogniser of a model with two labels, which keeps the window small.
fn recognizer(extra: &str) -> SignRecognizer {
    let json = format!(
        r#"{{"version":1,"model":"m.onnx","labels":["a",{{"gloss":"b"}}],
            "features":{{"parts":[{{"part":"right_hand","points":["wrist"],"values":["x","y"]}}]}},
            "window":{{"least":2,"most":3}},"acceptance":{{"history":3,"agreement":2}},
            "idle":{{"frames":4,"threshold":1}}{extra}}}"#
    );
    SignRecognizer::new(Manifest::from_json(&json).unwrap())
}

fn frame(index: u64) -> FrameKeypoints {
    with_right_hand(index, [0.01 * index as f32, 0.5], 0.0)
}

/// The frame without motion since the one before.
fn still(frame: FrameKeypoints) -> FrameKeypoints {
    FrameKeypoints {
        still: true,
        ..frame
    }
}

const A: [f32; 2] = [0.9, 0.1];
const B: [f32; 2] = [0.05, 0.95];

/// Pushes a frame and answers the window that is due, if one is.
fn step(recognizer: &mut SignRecognizer, index: u64, answer: [f32; 2]) -> Option<SignEvent> {
    let idle = recognizer.push(&frame(index));
    assert_eq!(idle, None);
    let window = recognizer.take_window()?;
    recognizer.answer(window.id, &answer).unwrap()
}

#[test]
fn a_sign_is_told_with_its_label_times_and_runners_up() {
    let mut recognizer = recognizer("");
    assert_eq!(step(&mut recognizer, 0, B), None);
    assert_eq!(step(&mut recognizer, 1, B), None);
    let Some(SignEvent::Sign(sign)) = step(&mut recognizer, 2, B) else {
        panic!();
    };
    let candidate = |label, confidence| Candidate { label, confidence };
    let expected = Sign {
        label: json!({ "gloss": "b" }),
        confidence: 0.95,
        start_us: 0,
        end_us: 80_000,
        top: vec![
            candidate(json!({ "gloss": "b" }), 0.95),
            candidate(json!("a"), 0.05),
        ],
    };
    assert_eq!(sign, expected);
    assert_eq!(step(&mut recognizer, 3, B), None);
    assert_eq!(step(&mut recognizer, 4, A), None);
    assert!(
        matches!(step(&mut recognizer, 5, A), Some(SignEvent::Sign(sign)) if sign.label == "a")
    );
}

#[test]
fn while_a_window_is_out_there_is_no_other_and_then_comes_the_newest() {
    let mut recognizer = recognizer("");
    for index in 0..2 {
        recognizer.push(&frame(index));
    }
    let first = recognizer.take_window().unwrap();
    for index in 2..9 {
        recognizer.push(&frame(index));
        assert_eq!(recognizer.take_window(), None);
    }
    recognizer.answer(first.id, &A).unwrap();
    let second = recognizer.take_window().unwrap();
    assert_eq!((second.frames, second.end_us), (3, 8 * 40_000));
    recognizer.abandon(second.id);
    assert_eq!(recognizer.take_window(), None);
    recognizer.push(&frame(9));
    assert_ne!(recognizer.take_window().unwrap().id, second.id);
}

#[test]
fn idleness_is_told_once_until_something_moves_and_forgets_what_was_told() {
    let mut recognizer = recognizer("");
    for index in 0..3 {
        step(&mut recognizer, index, A);
    }
    recognizer.push(&frame(3));
    let out = recognizer.take_window().unwrap();
    let idle: Vec<_> = (4..14)
        .map(|index| recognizer.push(&still(frame(index))).is_some())
        .collect();
    assert_eq!(idle.iter().position(|is_idle| *is_idle), Some(3));
    assert_eq!(idle.iter().filter(|is_idle| **is_idle).count(), 1);
    // An answer that comes too late says nothing, and the sign may be told again.
    assert_eq!(recognizer.answer(out.id, &A), Ok(None));
    let told: Vec<_> = (20..23)
        .map(|index| step(&mut recognizer, index, A).is_some())
        .collect();
    assert_eq!(told, [false, false, true]);
    for index in 23..27 {
        assert_eq!(recognizer.push(&still(frame(index))).is_some(), index == 26);
    }
}

#[test]
fn still_frames_are_in_the_window_only_where_the_manifest_keeps_them() {
    let mut skipping = recognizer("");
    let rule = r#"{"least":2,"most":3,"still":"keep"}"#;
    let keeping = skipping.manifest().to_json();
    let start = keeping.find(r#""window":"#).unwrap();
    let end = start + keeping[start..].find('}').unwrap() + 1;
    let keeping = format!("{}\"window\":{rule}{}", &keeping[..start], &keeping[end..]);
    let mut keeping = SignRecognizer::new(Manifest::from_json(&keeping).unwrap());
    for recognizer in [&mut skipping, &mut keeping] {
        recognizer.push(&frame(0));
        recognizer.push(&still(frame(1)));
        recognizer.push(&still(frame(2)));
    }
    assert_eq!(skipping.take_window(), None);
    assert_eq!(keeping.take_window().unwrap().frames, 3);
}

#[test]
fn a_wrong_answer_is_an_error_and_the_next_window_comes() {
    let mut recognizer = recognizer("");
    recognizer.push(&frame(0));
    for (index, answer) in [(1, &[0.5, f32::NAN][..]), (2, &[0.5]), (3, &[])] {
        recognizer.push(&frame(index));
        let window = recognizer.take_window().unwrap();
        let error = recognizer.answer(window.id, answer).unwrap_err();
        assert_eq!(error.code().as_str(), "inference-failed");
    }
    let window = recognizer.recorded(3).unwrap();
    let error = recognizer.teach(json!("c"), &window).unwrap_err();
    assert_eq!(error.code().as_str(), "signs-examples-invalid");
}

#[test]
fn a_reset_forgets_frames_and_answers() {
    let mut recognizer = recognizer("");
    step(&mut recognizer, 0, A);
    step(&mut recognizer, 1, A);
    recognizer.push(&frame(2));
    let out = recognizer.take_window().unwrap();
    recognizer.reset();
    assert_eq!(recognizer.answer(out.id, &A), Ok(None));
    assert_eq!(recognizer.recorded(3), None);
    let told: Vec<_> = (3..6)
        .map(|index| step(&mut recognizer, index, A).is_some())
        .collect();
    assert_eq!(told, [false, false, true]);
}

/// A hand that opens, that closes, or that goes to the side, at some tempo.
fn gesture(kind: usize, frames: u64, place: f32) -> Vec<FrameKeypoints> {
    (0..frames)
        .map(|index| {
            let done = index as f32 / frames as f32;
            let (x, bend) = [(0.0, 1.0 - done), (0.0, done), (0.25 * done, 0.2)][kind];
            with_right_hand(index, [place + x, 0.6], bend)
        })
        .collect()
}

const KINDS: [&str; 3] = ["open", "close", "swipe"];

#[test]
fn three_examples_of_each_teach_signs_that_are_then_seen_with_either_hand() {
    let mut recognizer = SignRecognizer::new(Manifest::by_example());
    for (kind, name) in KINDS.iter().enumerate() {
        for (frames, place) in [(20, 0.3), (24, 0.35), (28, 0.4)] {
            let window = recognizer.window_of(&gesture(kind, frames, place)).unwrap();
            recognizer.teach(json!(name), &window).unwrap();
        }
    }
    assert_eq!(
        (
            recognizer.taught().labels().len(),
            recognizer.taught().len()
        ),
        (3, 9)
    );
    let exported = recognizer.taught().to_json();
    let mut imported = SignRecognizer::new(Manifest::by_example());
    imported.import(&exported).unwrap();
    assert_eq!(imported.taught(), recognizer.taught());
    for (kind, name) in KINDS.iter().enumerate() {
        for mirrored in [false, true] {
            imported.reset();
            let told: Vec<SignEvent> = gesture(kind, 26, 0.33)
                .iter()
                .filter_map(|frame| {
                    let frame = if mirrored {
                        in_mirror(frame)
                    } else {
                        frame.clone()
                    };
                    imported.push(&frame);
                    let window = imported.take_window()?;
                    imported.answer_by_examples(&window).unwrap()
                })
                .collect();
            let labels = told.iter().map(|event| match event {
                SignEvent::Sign(sign) => sign.label.clone(),
                SignEvent::Idle => json!(null),
            });
            let labels: Vec<_> = labels.collect();
            assert_eq!(labels, [json!(name)], "mirrored: {mirrored}");
        }
    }
    assert_eq!(imported.forget(&json!("open")), 3);
    assert_eq!(imported.taught().labels(), [json!("close"), json!("swipe")]);
}

#[test]
fn more_frames_than_a_window_has_are_thinned_evenly() {
    let recognizer = recognizer("");
    let frames: Vec<_> = (0..7).map(frame).collect();
    let window = recognizer.window_of(&frames).unwrap();
    assert_eq!(
        (window.frames, window.start_us, window.end_us),
        (3, 0, 160_000)
    );
    assert_eq!(recognizer.window_of(&[]), None);
    assert_eq!(recognizer.window_of(&[empty(0)]).unwrap().present, 0);
}

/// What may happen to a recogniser.
#[derive(Clone, Debug)]
enum Event {
    Frame { is_still: bool },
    Take,
    Answer { is_first: bool },
    Abandon,
    Reset,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        6 => any::<bool>().prop_map(|is_still| Event::Frame { is_still }),
        4 => Just(Event::Take),
        4 => any::<bool>().prop_map(|is_first| Event::Answer { is_first }),
        1 => Just(Event::Abandon),
        1 => Just(Event::Reset),
    ];
    prop::collection::vec(event, 0..120)
}

proptest! {
    #[test]
    fn in_any_order_one_window_is_out_at_most_and_idleness_alternates_with_motion(events in events()) {
        let mut recognizer = recognizer("");
        let (mut index, mut out, mut still) = (0, Vec::new(), 0);
        let mut is_out = false;
        let mut last_label = None;
        for event in events {
            match event {
                Event::Frame { is_still } => {
                    let idle = recognizer.push(&FrameKeypoints { still: is_still, ..frame(index) });
                    index += 1;
                    still = if is_still { still + 1 } else { 0 };
                    prop_assert_eq!(idle.is_some(), still == 4);
                    if still == 4 {
                        is_out = false;
                        last_label = None;
                    }
                }
                Event::Take => {
                    if let Some(window) = recognizer.take_window() {
                        prop_assert!(!is_out);
                        prop_assert!((2..=3).contains(&window.frames));
                        prop_assert!(out.iter().all(|id| *id < window.id));
                        out.push(window.id);
                        is_out = true;
                    }
                }
                Event::Answer { is_first } => {
                    let id = out.last().copied().unwrap_or(5);
                    let told = recognizer.answer(id, if is_first { &A } else { &B }).unwrap();
                    if let Some(SignEvent::Sign(sign)) = told {
                        prop_assert!(is_out);
                        prop_assert!(last_label.as_ref() != Some(&sign.label));
                        last_label = Some(sign.label);
                    }
                    is_out = false;
                }
                Event::Abandon => {
                    recognizer.abandon(out.last().copied().unwrap_or(5));
                    is_out = false;
                }
                Event::Reset => {
                    recognizer.reset();
                    (is_out, still, last_label) = (false, 0, None);
                }
            }
        }
    }
}
