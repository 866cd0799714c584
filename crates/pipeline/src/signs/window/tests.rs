use proptest::prelude::*;

use super::*;

fn window(rule: &str) -> Window {
    let json = format!(
        r#"{{"version":1,"features":{{"parts":[{{"part":"pose","points":["nose"],"values":["x","y"]}}]}},"window":{rule}}}"#
    );
    Window::new(&Manifest::from_json(&json).unwrap())
}

fn push(window: &mut Window, number: i64) {
    window.push(number * 10, &[number as f32, -1.0], number % 2 == 0);
}

#[test]
fn it_is_due_with_enough_frames_and_enough_new_ones() {
    let mut window = window(r#"{"least":3,"most":4,"stride":2}"#);
    let mut due = Vec::new();
    for number in 0..8 {
        push(&mut window, number);
        if window.is_due() {
            due.push(number);
            window.take(7);
        }
    }
    assert_eq!(due, [2, 4, 6]);
}

#[test]
fn it_holds_the_newest_frames_with_their_times() {
    let mut window = window(r#"{"least":1,"most":3}"#);
    assert_eq!(window.take(0), None);
    for number in 0..5 {
        push(&mut window, number);
    }
    let input = window.take(42).unwrap();
    assert_eq!((input.id, input.frames, input.present), (42, 3, 2));
    assert_eq!(input.values, [2.0, -1.0, 3.0, -1.0, 4.0, -1.0]);
    assert_eq!((input.start_us, input.end_us), (20, 40));
    assert!(input.mirrored.is_empty() && !window.is_due());
    assert_eq!(window.newest(2).unwrap().values, [3.0, -1.0, 4.0, -1.0]);
    assert_eq!(window.newest(9).unwrap().frames, 3);
    assert_eq!(window.newest(0), None);
}

#[test]
fn rows_for_the_mirror_are_apart() {
    let mut window = window(r#"{"least":1,"most":3}"#);
    window.push(0, &[1.0, 2.0, 3.0, 4.0], true);
    window.push(1, &[5.0, 6.0, 7.0, 8.0], true);
    let input = window.take(0).unwrap();
    assert_eq!(input.values, [1.0, 2.0, 5.0, 6.0]);
    assert_eq!(input.mirrored, [3.0, 4.0, 7.0, 8.0]);
}

#[test]
fn a_step_back_in_time_starts_it_anew() {
    let mut window = window(r#"{"least":1,"most":3}"#);
    for number in [5, 6, 6, 2] {
        push(&mut window, number);
    }
    assert_eq!(window.take(0).unwrap().values, [2.0, -1.0]);
    window.clear();
    assert!(window.is_empty() && !window.is_due());
}

proptest! {
    #[test]
    fn whatever_is_pushed_it_holds_the_last_ones_in_order(
        count in 0..40_i64, least in 1..10_usize, more in 0..10_usize, stride in 1..9_usize,
    ) {
        let most = least + more;
        let mut window = window(&format!(r#"{{"least":{least},"most":{most},"stride":{stride}}}"#));
        let mut last_taken = None;
        for number in 0..count {
            push(&mut window, number);
            let is_due = number + 1 >= least as i64
                && number - last_taken.unwrap_or(-1) >= stride as i64;
            prop_assert_eq!(window.is_due(), is_due);
            if is_due {
                last_taken = Some(number);
                let input = window.take(0).unwrap();
                let first = (number + 1 - most as i64).max(0);
                let expected: Vec<f32> = (first..=number).flat_map(|n| [n as f32, -1.0]).collect();
                prop_assert_eq!(input.values, expected);
            }
            prop_assert!(window.len() <= most);
        }
    }
}
