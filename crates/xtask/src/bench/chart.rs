//! A record as a chart: horizontal bars in panels, one subject a bar. Plain SVG that follows a light or dark page.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::record::Record;
use super::series::Series;

/// A panel: what it shows of the record.
struct Panel {
    title: &'static str,
    suite: &'static str,
    case: &'static str,
    metric: &'static str,
}

const PANELS: [Panel; 6] = [
    Panel {
        title: "Chromium, pixels in: milliseconds a frame, less is better",
        suite: "browser",
        case: "pixels in",
        metric: "wall_ms",
    },
    Panel {
        title: "Chromium, JPEG in: milliseconds a frame, less is better",
        suite: "browser",
        case: "JPEG in",
        metric: "wall_ms",
    },
    Panel {
        title: "Chromium: milliseconds to the first result, assets in the cache, less is better",
        suite: "browser",
        case: "start",
        metric: "start_ms",
    },
    Panel {
        title: "Native, pixels in: milliseconds a frame, less is better",
        suite: "native",
        case: "pixels in",
        metric: "wall_ms",
    },
    Panel {
        title: "Native, JPEG in: milliseconds a frame, less is better",
        suite: "native",
        case: "JPEG in",
        metric: "wall_ms",
    },
    Panel {
        title: "Server: sessions of 15 frames a second, 99 % answered within 200 ms, more is better",
        suite: "load",
        case: "most sessions held",
        metric: "sessions",
    },
];

const OURS: &str = "live-keypoints";
const WIDTH: f64 = 760.0;
const LABEL_WIDTH: f64 = 280.0;
const VALUE_WIDTH: f64 = 70.0;
const MARGIN: f64 = 16.0;
const BAR_HEIGHT: f64 = 18.0;
const BAR_GAP: f64 = 6.0;
const TITLE_HEIGHT: f64 = 34.0;

/// Draws a record into a file of the same name that ends in `.svg`; returns it.
pub(super) fn write_beside(record_path: &Path, record: &Record) -> Result<PathBuf> {
    let path = record_path.with_extension("svg");
    fs::write(&path, draw(record)).with_context(|| path.display().to_string())?;
    Ok(path)
}

fn draw(record: &Record) -> String {
    let mut body = String::new();
    let mut top = MARGIN;
    for panel in &PANELS {
        let bars: Vec<&Series> = record
            .series
            .iter()
            .filter(|series| panel.shows(series))
            .collect();
        if !bars.is_empty() {
            top = draw_panel(&mut body, panel, &bars, top);
        }
    }
    let note = format!(
        "Clip “{}”, {} frames there and back, {} rounds; {}, {} cores, {}",
        record.clip.name,
        record.clip.frames,
        record.rounds,
        record.machine.processor,
        record.machine.cores,
        record.date.split('T').next().unwrap_or_default()
    );
    element(&mut body, "note", MARGIN, top + 14.0, &note);
    let height = top + 14.0 + MARGIN;
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img">
<title>live-keypoints and others, measured in one run</title>
<style>
text {{ font: 13px system-ui, sans-serif; fill: #27272a; }}
.title {{ font-weight: 600; }}
.label {{ text-anchor: end; }}
.note {{ font-size: 11px; fill: #71717a; }}
.ours {{ fill: #0d9488; }}
.theirs {{ fill: #a1a1aa; }}
@media (prefers-color-scheme: dark) {{ text {{ fill: #e4e4e7; }} .note {{ fill: #a1a1aa; }} .theirs {{ fill: #71717a; }} }}
</style>
{body}</svg>
"#
    )
}

impl Panel {
    fn shows(&self, series: &Series) -> bool {
        let key = &series.key;
        [&*key.suite, &*key.case, &*key.metric] == [self.suite, self.case, self.metric]
    }
}

/// Returns where the next panel begins.
fn draw_panel(body: &mut String, panel: &Panel, bars: &[&Series], top: f64) -> f64 {
    element(body, "title", MARGIN, top + 16.0, panel.title);
    let greatest = bars.iter().map(|bar| bar.median).fold(0.0, f64::max);
    let room = WIDTH - 2.0 * MARGIN - LABEL_WIDTH - VALUE_WIDTH;
    let left = MARGIN + LABEL_WIDTH;
    let mut y = top + TITLE_HEIGHT - BAR_GAP;
    for bar in bars {
        let length = if greatest > 0.0 {
            bar.median / greatest * room
        } else {
            0.0
        };
        let baseline = y + BAR_HEIGHT - 5.0;
        let class = if bar.key.subject.starts_with(OURS) {
            "ours"
        } else {
            "theirs"
        };
        element(body, "label", left - 8.0, baseline, &bar.key.subject);
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(
            body,
            r#"<rect class="{class}" x="{left}" y="{y}" width="{length:.1}" height="{BAR_HEIGHT}" rx="2"/>"#
        );
        let value = format!("{:.*}", usize::from(bar.median < 100.0), bar.median);
        element(body, "value", left + length + 6.0, baseline, &value);
        y += BAR_HEIGHT + BAR_GAP;
    }
    y + MARGIN
}

fn element(body: &mut String, class: &str, x: f64, y: f64, text: &str) {
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let _ = writeln!(
        body,
        r#"<text class="{class}" x="{x:.1}" y="{y:.1}">{text}</text>"#
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::record::tests::record;

    #[test]
    fn bars_are_as_long_as_their_values_and_names_are_escaped() {
        let svg = draw(&record());
        let width_of = |class: &str| -> f64 {
            let (_, rest) = svg
                .split_once(&format!(r#"<rect class="{class}""#))
                .unwrap();
            let (_, rest) = rest.split_once("width=\"").unwrap();
            rest.split_once('"').unwrap().0.parse().unwrap()
        };
        let (ours, theirs) = (width_of("ours"), width_of("theirs"));
        assert!((ours * 2.0 - theirs).abs() < 0.2, "{ours} and {theirs}");
        assert!(svg.contains("&lt;other&gt; &amp; co"), "{svg}");
        assert!(!svg.contains("<other>"));
    }

    #[test]
    fn a_panel_without_values_is_left_out() {
        let svg = draw(&record());
        assert!(svg.contains("Chromium, pixels in"));
        assert!(!svg.contains("Native"));
    }
}
