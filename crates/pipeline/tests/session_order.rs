//! Results do not depend on how many executors there are, nor on the order in which they finish, nor on what they do
//! early or give back, nor on when options change or times step back: each frame has the options that held when it was
//! added.

#[path = "support/any_order.rs"]
mod any_order;
#[path = "support/stand_in.rs"]
mod stand_in;
#[path = "session_order/stillness.rs"]
mod stillness;

use any_order::{Event, Random, Way, run, run_plainly};
use live_keypoints_pipeline::{
    ErrorCode, FacePoints, FrameResult, Graph, HandSource, Hands, MAX_HANDS, MAX_STILLS, Options,
    Parts, Quality, Session, Step, Steps,
};
use proptest::prelude::*;
use stand_in::{Kind, Stream};

const FRAME_US: i64 = 33_333;

fn ways() -> Vec<Way> {
    const LAYOUTS: [&[u8]; 7] = [
        &[63],
        // The browser's: decode 1, pose 2, left hand 4, right hand 8, face 16; palms 32 beside any.
        &[63, 1 | 4 | 8],
        &[1 | 2 | 32, 1 | 4 | 8 | 16, 1 | 4 | 8],
        &[1 | 2, 1 | 4 | 8, 1 | 4 | 8 | 32, 1 | 16],
        // The relay's: every thread may run everything.
        &[63, 63],
        &[63, 63, 63],
        &[63, 63, 63, 63],
    ];
    let mut ways = Vec::new();
    for layout in LAYOUTS {
        for (is_early, is_roomy) in [(false, true), (true, true), (true, false)] {
            ways.push(Way {
                executors: layout.iter().map(|bits| Steps::from_bits(*bits)).collect(),
                is_early,
                is_roomy,
                is_sequential: false,
            });
        }
    }
    ways
}

/// The same stream, had its producer dropped what was dropped.
fn without(events: &[Event], dropped: &[u64]) -> Vec<Event> {
    let mut index = 0;
    let mut left = events.to_vec();
    for event in &mut left {
        if event.takes_index() {
            if dropped.contains(&index) {
                *event = Event::Dropped;
            }
            index += 1;
        }
    }
    left
}

/// By index. Which result counts a drop depends on when that happened.
fn sorted(mut results: Vec<FrameResult>) -> Vec<FrameResult> {
    results.sort_by_key(FrameResult::index);
    for result in &mut results {
        match result {
            FrameResult::Keypoints(keypoints) => keypoints.dropped = 0,
            FrameResult::Failed(failed) => failed.dropped = 0,
        }
    }
    results
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![
        8 => Just(Kind::Person),
        2 => (0u8..4).prop_map(Kind::Motionless),
        1 => Just(Kind::Nobody),
        1 => Just(Kind::Broken),
        1 => Just(Kind::OtherSize),
        1 => Just(Kind::FailsInThePose),
        1 => Just(Kind::FailsInTheFace),
        1 => Just(Kind::FailsInTheBlendshapes),
        1 => Just(Kind::FailsInThePalms),
        1 => Just(Kind::FailsInSomeHands),
        1 => Just(Kind::HandsFarOut),
    ]
}

fn options() -> impl Strategy<Value = Options> {
    let graph = prop_oneof![Just(Graph::Holistic), Just(Graph::Landmarkers)];
    let flags = prop::collection::vec(any::<bool>(), 12);
    let confidences = prop::collection::vec(0.0f32..0.8, 3);
    let sizes = (1usize..5, 1usize..5, 1..=MAX_HANDS);
    (graph, flags, confidences, sizes).prop_map(
        |(graph, flags, confidences, (max_frames_in_flight, buffer_size, num_hands))| {
            let parts = Parts {
                // Who asks for nothing asks for the pose.
                pose: flags[7] || !flags[0] && !flags[1],
                hands: flags[0],
                face: flags[1],
            };
            let has_body = graph == Graph::Holistic && parts.pose;
            Options {
                graph,
                hands: if has_body && flags[0] && flags[10] {
                    Hands::Recover
                } else {
                    Hands::Body
                },
                num_hands: if has_body { 2 } else { num_hands },
                parts,
                face_points: if flags[8] {
                    FacePoints::WithIrises478
                } else {
                    FacePoints::Mesh468
                },
                blendshapes: flags[1] && flags[8] && flags[9],
                quality: if flags[2] {
                    Quality::Full
                } else {
                    Quality::Lite
                },
                smoothing: flags[3],
                hand_smoothing: flags[4],
                face_smoothing: flags[5],
                mirrored: flags[6],
                skip_still: flags[11].then_some(2.0),
                max_frames_in_flight,
                buffer_size,
                min_pose_presence_confidence: confidences[0],
                min_hand_landmarks_confidence: confidences[1],
                min_face_presence_confidence: confidences[2],
                ..Options::default()
            }
        },
    )
}

/// Frames whose times rise, and now and then do not, and what else happens to a stream.
fn streams() -> impl Strategy<Value = Vec<Event>> {
    let frame = |time_us: fn(i64) -> i64| {
        (kinds(), 0..30i64).prop_map(move |(kind, number)| Event::Frame {
            kind,
            time_us: time_us(number),
        })
    };
    let event = prop_oneof![
        // Given its place below.
        12 => frame(|_| i64::MAX),
        2 => frame(|number| (number - 3) * FRAME_US),
        1 => kinds().prop_map(Event::Still),
        1 => Just(Event::Bad),
        1 => Just(Event::Dropped),
        1 => Just(Event::Reset),
        2 => options().prop_map(|options| Event::Configure(Box::new(options))),
    ];
    // Runs of frames that look the same: the last of them are still.
    let runs = prop_oneof![4 => Just(1), 1 => 2..12usize];
    prop::collection::vec((event, runs), 0..24).prop_map(|events| {
        let runs = events.into_iter();
        let mut events: Vec<Event> = runs
            .flat_map(|(event, length)| vec![event; length])
            .take(60)
            .collect();
        let mut stills = 0;
        for (number, event) in events.iter_mut().enumerate() {
            match event {
                Event::Frame { time_us, .. } if *time_us == i64::MAX => {
                    *time_us = (number as i64 + 1) * FRAME_US;
                }
                Event::Still(_) => {
                    stills += 1;
                    if stills > MAX_STILLS {
                        *event = Event::Bad;
                    }
                }
                _ => {}
            }
        }
        events
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn results_are_bit_identical_for_any_executors_in_any_order_with_early_tasks_and_without(
        events in streams(),
        seed in 1u64..,
    ) {
        let frames = events.iter().filter(|event| event.takes_index()).count() as u64;
        let mut random = Random(seed);
        for way in ways() {
            let found = run(&events, &way, &mut random);
            let stills: Vec<u64> = stills(&events);
            let of_stream = found.results.iter().map(FrameResult::index);
            let of_stream: Vec<u64> = of_stream.filter(|index| !stills.contains(index)).collect();
            prop_assert!(of_stream.is_sorted_by(|a, b| a < b), "{of_stream:?}");

            // Nothing is lost, and nothing answered twice.
            let mut indices: Vec<u64> = found.results.iter().map(FrameResult::index).collect();
            indices.extend(&found.dropped);
            indices.sort_unstable();
            prop_assert_eq!(indices, (0..frames).collect::<Vec<_>>());

            let expected = run_plainly(&without(&events, &found.dropped));
            let (found, expected) = (sorted(found.results), sorted(expected.results));
            // Values that are no numbers equal each other in print only.
            let is_same = found == expected || format!("{found:?}") == format!("{expected:?}");
            prop_assert!(is_same, "{way:?} differs");
        }
    }
}

/// Indices of the stateless pictures.
fn stills(events: &[Event]) -> Vec<u64> {
    let frames = events.iter().filter(|event| event.takes_index());
    let stills = frames
        .enumerate()
        .filter(|(_, event)| matches!(event, Event::Still(_)));
    stills.map(|(index, _)| index as u64).collect()
}

fn frames(kinds: &[Kind]) -> Vec<Event> {
    let times = (1..).map(|number| number * FRAME_US);
    let frames = kinds.iter().zip(times);
    frames
        .map(|(kind, time_us)| Event::Frame {
            kind: *kind,
            time_us,
        })
        .collect()
}

#[test]
fn early_outcomes_are_used_where_tracking_keeps_the_region_and_only_there() {
    let way = ways().pop().unwrap();
    let found = run(
        &frames(&[Kind::Person; 120]),
        &Way {
            is_roomy: true,
            ..way
        },
        &mut Random(7),
    );
    assert!(
        found.used > 10 && found.used < found.early,
        "{} of {}",
        found.used,
        found.early
    );
}

#[test]
fn the_stand_in_notices_a_lost_state() {
    // Were tracking not carried over, frame 2 would be the same after one person as after two.
    let mut events = frames(&[Kind::Person; 3]);
    let kept = run_plainly(&events).results;
    events.insert(2, Event::Reset);
    let reset = run_plainly(&events).results;
    assert_eq!(kept[1], reset[1]);
    assert_ne!(kept[2], reset[2]);
}

#[test]
fn the_stand_in_shows_hands_of_every_source() {
    let options = Options {
        hands: Hands::Recover,
        ..Options::default()
    };
    let mut events = frames(&[Kind::Person; 60]);
    events.insert(0, Event::Configure(Box::new(options)));
    let results = run_plainly(&events).results;
    let sources: Vec<_> = results
        .iter()
        .filter_map(|result| match result {
            FrameResult::Keypoints(keypoints) => keypoints.hand_sources?.left_hand,
            FrameResult::Failed(_) => None,
        })
        .collect();
    for source in [HandSource::Body, HandSource::Tracked, HandSource::Palm] {
        assert!(sources.contains(&source), "{source:?}");
    }
}

#[test]
fn each_frame_has_the_parts_of_its_options() {
    let no_face = Parts {
        face: false,
        ..Parts::ALL
    };
    let mut events = frames(&[Kind::Person; 3]);
    let options = Options {
        parts: no_face,
        ..Options::default()
    };
    events.insert(1, Event::Configure(Box::new(options)));
    for way in ways().iter().filter(|way| way.is_roomy) {
        let results = run(&events, way, &mut Random(3)).results;
        let parts = results.iter().map(|result| match result {
            FrameResult::Keypoints(keypoints) => keypoints.parts,
            FrameResult::Failed(failed) => panic!("{failed:?}"),
        });
        assert_eq!(parts.collect::<Vec<_>>(), [Parts::ALL, no_face, no_face]);
    }
}

#[test]
fn a_broken_frame_leaves_the_frames_after_it_as_they_were() {
    let broken = frames(&[Kind::Person, Kind::Broken, Kind::Person]);
    let results = run_plainly(&broken).results;
    let FrameResult::Failed(failed) = &results[1] else {
        panic!("{:?}", results[1]);
    };
    assert_eq!(failed.error.code, ErrorCode::MalformedPicture);
    let dropped = run_plainly(&without(&broken, &[1])).results;
    let (FrameResult::Keypoints(after), FrameResult::Keypoints(expected)) =
        (&results[2], &dropped[1])
    else {
        panic!("{results:?}");
    };
    assert_eq!((after.index, &after.face), (2, &expected.face));
}

#[test]
fn steps_run_only_where_they_are_served() {
    let mut session: Stream = Session::new(Options::default()).unwrap();
    session.add_frame(Kind::Person, 1, 0);
    assert!(
        session
            .next_task(Steps::from_bits(2 | 4 | 8 | 16), 0)
            .is_none()
    );
    let task = session.next_task(Steps::from_bits(1), 0).unwrap();
    assert_eq!(task.id.step, Step::Decode);
}
