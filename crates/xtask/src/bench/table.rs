//! A record as text for a terminal.

use std::fmt::Write;

use super::comparison::{Comparison, Goal};
use super::record::Record;
use super::series::Series;
use super::sizes::megabytes;

pub(super) fn of(record: &Record) -> String {
    let mut text = String::new();
    series(&mut text, &record.series);
    let heading = "ratios, each taken within a round";
    comparisons(&mut text, heading, &record.comparisons);
    let heading = "not measured but computed from the times of the branches";
    comparisons(&mut text, heading, &record.computed);
    for size in &record.sizes {
        line(
            &mut text,
            format_args!("{:<40} {:>12}", size.name, megabytes(size.bytes)),
        );
    }
    for failed in &record.failed {
        line(&mut text, format_args!("not measured: {failed}"));
    }
    text
}

fn series(text: &mut String, series: &[Series]) {
    let mut heading = String::new();
    for Series {
        key,
        median,
        least,
        spread,
        ..
    } in series
    {
        let wanted = format!("{}: {}", key.suite, key.subject);
        if wanted != heading {
            line(text, format_args!("\n{wanted}"));
            let columns = ["", "median", "least", "spread"];
            line(
                text,
                format_args!(
                    "  {:<52} {:>10} {:>10} {:>7}",
                    columns[0], columns[1], columns[2], columns[3]
                ),
            );
            heading = wanted;
        }
        let what = format!("{}, {}", key.case, key.metric);
        let spread = spread * 100.0;
        line(
            text,
            format_args!("  {what:<52} {median:>10.3} {least:>10.3} {spread:>5.0} %"),
        );
    }
}

fn comparisons(text: &mut String, heading: &str, comparisons: &[Comparison]) {
    if comparisons.is_empty() {
        return;
    }
    line(text, format_args!("\n{heading}"));
    for comparison in comparisons {
        let goal = match comparison.goal {
            None => String::new(),
            Some(Goal::AtMost(limit)) => format!("goal ≤ {limit}"),
            Some(Goal::AtLeast(limit)) => format!("goal ≥ {limit}"),
        };
        let reached = match comparison.is_reached() {
            None => "",
            Some(true) => "reached",
            Some(false) => "not reached",
        };
        let row = format!(
            "  {:<88} {:>6.2}  {goal:<11} {reached}",
            comparison.what, comparison.ratio
        );
        line(text, format_args!("{}", row.trim_end()));
    }
    text.push('\n');
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{arguments}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::record::tests::record;

    #[test]
    fn the_table_has_series_ratios_sizes_and_what_failed() {
        let mut record = record();
        record.failed = vec!["other: it broke".to_owned()];
        let text = of(&record);
        let has = |wanted: &[&str]| {
            text.lines()
                .any(|line| line.split_whitespace().collect::<Vec<_>>() == wanted)
        };
        assert!(
            has(&["browser:", "live-keypoints,", "1", "worker"]),
            "{text}"
        );
        assert!(has(&[
            "pixels", "in,", "wall_ms", "50.000", "50.000", "0", "%"
        ]));
        assert!(has(&[
            "pixels", "in,", "wall_ms:", "ours", "÷", "theirs", "0.50", "goal", "≤", "0.55",
            "reached"
        ]));
        assert!(has(&[
            "on", "another", "machine", "4.60", "goal", "≥", "4.5", "reached"
        ]));
        assert!(has(&["relay", "58.00", "MB"]));
        assert!(has(&["not", "measured:", "other:", "it", "broke"]));
    }
}
