use proptest::prelude::*;
use serde_json::json;

use super::answer::Distance;
use super::*;

fn manifest(examples: &str) -> Manifest {
    let json = format!(
        r#"{{"version":1,"features":{{"parts":[{{"part":"right_hand","points":["wrist"],"values":["x","y"]}}]}},
            "window":{{"least":2,"most":30}},"examples":{examples}}}"#
    );
    Manifest::from_json(&json).unwrap()
}

fn taught() -> Taught {
    Taught::new(&manifest(r#"{"limit":0.4,"neighbours":3}"#))
}

/// A window of two features, with a mirror that turns x over.
fn window(rows: impl IntoIterator<Item = [f32; 2]>) -> WindowInput {
    let rows: Vec<[f32; 2]> = rows.into_iter().collect();
    WindowInput {
        id: 0,
        frames: rows.len(),
        present: rows.len(),
        values: rows.as_flattened().to_vec(),
        mirrored: Vec::new(),
        start_us: 0,
        end_us: 0,
    }
}

/// Up, down, or to the side in so many frames.
fn way(kind: usize, frames: usize) -> WindowInput {
    window((0..frames).map(|frame| {
        let done = frame as f32 / (frames - 1) as f32;
        [[0.0, done], [0.0, 1.0 - done], [done, 0.0]][kind]
    }))
}

fn teach_ways(taught: &mut Taught) {
    for (kind, name) in ["up", "down", "side"].iter().enumerate() {
        for frames in [12, 14, 16] {
            taught.teach(json!(name), &way(kind, frames)).unwrap();
        }
    }
}

#[test]
fn a_sign_is_seen_in_any_tempo_from_half_to_twice() {
    let mut taught = taught();
    teach_ways(&mut taught);
    for kind in 0..3 {
        for frames in [9, 13, 20, 27] {
            let confidences = taught.run(&way(kind, frames)).unwrap();
            assert!(confidences[kind] > 0.9, "{kind} {frames}: {confidences:?}");
        }
    }
}

#[test]
fn what_is_prepared_is_there_for_copies_until_something_is_taught() {
    let mut taught = taught();
    teach_ways(&mut taught);
    assert!(!taught.is_prepared());
    taught.prepare();
    assert!(taught.clone().is_prepared());
    taught.teach(json!("up"), &way(0, 13)).unwrap();
    assert!(!taught.is_prepared());
}

#[test]
fn what_comes_before_a_sign_does_not_matter() {
    let mut taught = taught();
    teach_ways(&mut taught);
    let before = [[0.9, 0.9]; 12].into_iter();
    let up = way(0, 13);
    let frames = before.chain(up.values.as_chunks::<2>().0.iter().copied());
    assert!(taught.run(&window(frames)).unwrap()[0] > 0.9);
}

#[test]
fn what_resembles_nothing_has_no_confidence_nor_has_anything_before_the_first_example() {
    let mut taught = taught();
    assert!(taught.run(&way(0, 10)).unwrap().is_empty());
    teach_ways(&mut taught);
    let far = window((0..12).map(|frame| [-1.0, frame as f32 * 0.1]));
    assert_eq!(taught.run(&far).unwrap(), [0.0; 3]);
    let nobody = WindowInput {
        present: 0,
        ..way(0, 12)
    };
    assert_eq!(taught.run(&nobody).unwrap(), [0.0; 3]);
}

#[test]
fn either_hand_is_seen_in_the_mirror() {
    let mut taught = Taught::new(&manifest(r#"{"either_hand":true}"#));
    let with_mirror = |window: WindowInput| {
        let turned = window
            .values
            .as_chunks::<2>()
            .0
            .iter()
            .flat_map(|[x, y]| [-x, *y]);
        WindowInput {
            mirrored: turned.collect(),
            ..window
        }
    };
    taught
        .teach(json!("side"), &with_mirror(way(2, 12)))
        .unwrap();
    taught.teach(json!("up"), &with_mirror(way(0, 12))).unwrap();
    let other_side = window((0..12).map(|frame| [-(frame as f32) / 11.0, 0.0]));
    let confidences = taught.run(&with_mirror(other_side)).unwrap();
    assert!(confidences[0] > 0.9, "{confidences:?}");
    let error = taught.run(&way(0, 12)).unwrap_err();
    assert!(error.to_string().contains("mirrored"), "{error}");
}

#[test]
fn what_cannot_be_taught_is_refused_with_its_value() {
    let mut taught = taught();
    let absent = WindowInput {
        present: 4,
        ..way(0, 10)
    };
    let mut infinite = way(0, 10);
    infinite.values[3] = f32::INFINITY;
    let mut short = way(0, 10);
    short.values.pop();
    for (label, window, named) in [
        (json!("a"), absent, "4 of 10"),
        (json!("a"), infinite, "inf"),
        (json!("a"), short, "19"),
        (json!("a"), way(0, 31), "31"),
        (json!(7), way(0, 10), "7"),
        (json!("x".repeat(MAX_LABEL_BYTES)), way(0, 10), "4098"),
    ] {
        let error = taught.teach(label, &window).unwrap_err();
        assert_eq!(error.code().as_str(), "signs-examples-invalid");
        assert!(error.to_string().contains(named), "{error}");
    }
    assert!(taught.is_empty() && taught.labels().is_empty());
}

#[test]
fn there_is_room_for_so_many_examples() {
    let mut taught = taught();
    for _ in 0..MAX_EXAMPLES {
        taught.teach(json!("a"), &way(0, 2)).unwrap();
    }
    let error = taught.teach(json!("b"), &way(0, 2)).unwrap_err();
    assert!(error.to_string().contains("1024"), "{error}");
    assert_eq!(taught.forget(&json!("b")), 0);
    assert_eq!(taught.forget(&json!("a")), MAX_EXAMPLES);
    taught.teach(json!("b"), &way(0, 2)).unwrap();
}

#[test]
fn forgetting_a_sign_keeps_the_others() {
    let mut taught = taught();
    teach_ways(&mut taught);
    assert_eq!(taught.forget(&json!("down")), 3);
    assert_eq!(taught.labels(), [json!("up"), json!("side")]);
    let confidences = taught.run(&way(2, 14)).unwrap();
    assert!(
        confidences[1] > 0.9 && confidences.len() == 2,
        "{confidences:?}"
    );
}

#[test]
fn examples_are_written_and_read_as_they_are() {
    let manifest = manifest(r#"{"limit":0.4}"#);
    let mut taught = Taught::new(&manifest);
    teach_ways(&mut taught);
    taught.teach(json!({ "gloss": "x" }), &way(1, 30)).unwrap();
    let json = taught.to_json();
    assert_eq!(Taught::from_json(&manifest, &json), Ok(taught));
}

#[test]
fn a_file_of_examples_that_is_wrong_is_refused_with_its_field() {
    let manifest = manifest("{}");
    let mut taught = Taught::new(&manifest);
    taught.teach(json!("a"), &way(0, 4)).unwrap();
    let sound = taught.to_json();
    let wrong = |from: &str, to: &str| {
        assert!(sound.contains(from), "{from} {sound}");
        let error = Taught::from_json(&manifest, &sound.replacen(from, to, 1)).unwrap_err();
        assert_eq!(error.code().as_str(), "signs-examples-invalid");
        error.to_string()
    };
    for (from, to, named) in [
        (
            r#""version":1"#,
            r#""version":2"#,
            "version must be 1, not 2",
        ),
        (r#""step":2"#, r#""step":3"#, "step must be 2"),
        (r#""x""#, r#""z""#, "features"),
        (r#""label":"a""#, r#""label":null"#, "examples[0].label"),
        (
            r#""values":[0.0,"#,
            r#""values":[0.0,1,"#,
            "examples[0].values",
        ),
        (
            r#""values":[0.0,"#,
            r#""values":["0","#,
            "examples[0].values[0]",
        ),
        (
            r#""values":[0.0,"#,
            r#""values":[1e40,"#,
            "examples[0].values",
        ),
        (r#""step""#, r#""stop""#, "stop"),
    ] {
        let error = wrong(from, to);
        assert!(error.contains(named), "{error}");
    }
    assert!(Taught::from_json(&manifest, "").is_err());
}

/// The definition: the least mean over all ways to lay an example's rows on a window's.
fn by_definition(example: &[[f32; 2]], window: &[[f32; 2]]) -> f32 {
    fn least(example: &[[f32; 2]], window: &[[f32; 2]], may_stay: bool) -> f32 {
        let (Some((row, before)), Some(other)) = (example.split_last(), window.last()) else {
            return f32::INFINITY;
        };
        let squares = (row[0] - other[0]).powi(2) + (row[1] - other[1]).powi(2);
        let cost = (squares / 2.0).sqrt();
        if before.is_empty() {
            return cost;
        }
        let mut rest = f32::INFINITY;
        for step in usize::from(!may_stay)..=2 {
            if let Some(end) = window.len().checked_sub(step) {
                rest = rest.min(least(before, &window[..end], step != 0));
            }
        }
        cost + rest
    }
    least(example, window, true) / example.len() as f32
}

fn rows() -> impl Strategy<Value = Vec<[f32; 2]>> {
    prop::collection::vec([-1.0..1.0_f32, -1.0..1.0_f32], 1..7)
}

proptest! {
    #[test]
    fn the_distance_is_the_least_of_all_ways(example in rows(), window in rows()) {
        let of = |rows: &[[f32; 2]]| Rows::of(rows.as_flattened(), 2, 1);
        let found = of(&example).distance(&of(&window));
        let expected = by_definition(&example, &window);
        prop_assert!(found == expected || (found - expected).abs() < 1e-5, "{} {}", found, expected);
    }

    #[test]
    fn confidences_are_shares_of_the_resemblance(
        nearest in prop::collection::vec((0..4_usize, 0.0..2.0_f32), 1..9),
        distance in 0.0..1.0_f32,
    ) {
        let nearest = nearest.into_iter();
        let nearest = nearest.map(|(label, distance)| Distance { example: 0, label, distance });
        let nearest: Vec<Distance> = nearest.collect();
        let resemblance = confidence::resemblance(distance, 0.5);
        let confidences = confidence::of(&nearest, 4, resemblance);
        let sum: f32 = confidences.iter().sum();
        prop_assert!(confidences.iter().all(|it| (0.0..=1.0).contains(it)));
        prop_assert!((sum - resemblance).abs() < 1e-5);
        prop_assert_eq!(resemblance > 0.0, distance < 0.5);
    }
}
