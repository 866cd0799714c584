//! The generator: every case is made from a few small pictures, the same everywhere and each time.

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use crate::segments::{DRI, Interval, SOF, SOS, Segment, put_together, segment, taken_apart};

pub(crate) const WIDTH: u16 = 70;
pub(crate) const HEIGHT: u16 = 45;

/// A JPEG with what is odd about it as its name.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// What its Exif says, as browsers read it.
    pub(crate) orientation: u8,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Color {
    Grey,
    Rgb(SamplingFactor),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Coding {
    Baseline,
    Optimized,
    Progressive,
}

const CODINGS: [Coding; 3] = [Coding::Baseline, Coding::Optimized, Coding::Progressive];
const SAMPLINGS: [SamplingFactor; 8] = [
    SamplingFactor::F_1_1,
    SamplingFactor::F_2_1,
    SamplingFactor::F_1_2,
    SamplingFactor::F_2_2,
    SamplingFactor::F_4_1,
    SamplingFactor::F_4_2,
    SamplingFactor::F_1_4,
    SamplingFactor::F_2_4,
];

pub(crate) fn jpeg(color: Color, coding: Coding, interval: u16) -> Vec<u8> {
    let wave = |a: u16, b: u16| (128.0 + 90.0 * (f32::from(a) / 9.0).sin() + f32::from(b)) as u8;
    let pixels = (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x, y)));
    let (data, kind): (Vec<u8>, _) = match color {
        Color::Grey => (pixels.map(|(x, y)| wave(x, y)).collect(), ColorType::Luma),
        Color::Rgb(_) => {
            let rgb = |(x, y)| [wave(x, y / 2), (y * 5) as u8, wave(x + y, 10)];
            (pixels.flat_map(rgb).collect(), ColorType::Rgb)
        }
    };
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 90);
    if let Color::Rgb(sampling) = color {
        encoder.set_sampling_factor(sampling);
    }
    encoder.set_progressive(matches!(coding, Coding::Progressive));
    encoder.set_optimized_huffman_tables(matches!(coding, Coding::Optimized));
    if interval > 0 {
        encoder.set_restart_interval(interval);
    }
    encoder.encode(&data, WIDTH, HEIGHT, kind).unwrap();
    bytes
}

/// Every case.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Cases::default();
    cases.layouts();
    cases.colors();
    cases.markers();
    cases.restarts();
    cases.refinement();
    cases.exif();
    cases.cuts();
    cases.0
}

#[derive(Default)]
pub(crate) struct Cases(pub(crate) Vec<Case>);

/// The few pictures whose segments are changed, with their names.
pub(crate) fn bases(interval: u16) -> Vec<(String, Vec<u8>)> {
    let (full, halved) = (
        Color::Rgb(SamplingFactor::F_1_1),
        Color::Rgb(SamplingFactor::F_2_2),
    );
    let layouts = [
        ("grey", Color::Grey, Coding::Baseline),
        ("444", full, Coding::Baseline),
        ("420", halved, Coding::Baseline),
        ("420-optimized", halved, Coding::Optimized),
        ("grey-progressive", Color::Grey, Coding::Progressive),
        ("420-progressive", halved, Coding::Progressive),
    ];
    // The encoder counts the restart intervals of optimized pictures through from scan to scan.
    let layouts = layouts
        .into_iter()
        .filter(|(name, ..)| interval == 0 || *name != "420-optimized");
    let named =
        layouts.map(|(name, color, coding)| (name.to_owned(), jpeg(color, coding, interval)));
    named.collect()
}

pub(crate) fn position(segments: &[Segment], marker: u8) -> usize {
    segments
        .iter()
        .position(|each| each.marker == marker)
        .unwrap()
}

pub(crate) fn frame(segments: &mut [Segment]) -> &mut Segment {
    let found = segments.iter_mut().find(|each| SOF.contains(&each.marker));
    found.unwrap()
}

pub(crate) fn is_application(segment: &Segment) -> bool {
    (0xE0..=0xEF).contains(&segment.marker)
}

/// Gives the components these ids, in the frame and in all scans.
fn set_ids(segments: &mut [Segment], ids: &[u8]) {
    let old: Vec<u8> = frame(segments).body[6..]
        .chunks(3)
        .map(|each| each[0])
        .collect();
    for (component, id) in frame(segments).body[6..].chunks_mut(3).zip(ids) {
        component[0] = *id;
    }
    for scan in segments.iter_mut().filter(|each| each.marker == SOS) {
        let count = usize::from(scan.body[0]);
        for selector in scan.body[1..=2 * count].chunks_mut(2) {
            let index = old.iter().position(|id| *id == selector[0]).unwrap();
            selector[0] = ids[index];
        }
    }
}

const JFIF: &[u8] = b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0";

pub(crate) fn adobe(transform: u8) -> Vec<u8> {
    let mut body = b"Adobe\0\x64\0\0\0\0".to_vec();
    body.push(transform);
    body
}

impl Cases {
    pub(crate) fn add(&mut self, name: impl Into<String>, bytes: Vec<u8>) {
        self.0.push(Case {
            name: name.into(),
            bytes,
            orientation: 1,
        });
    }

    fn layouts(&mut self) {
        for coding in CODINGS {
            let intervals: &[u16] = match coding {
                Coding::Optimized => &[0],
                _ => &[0, 1, 3, 8],
            };
            for &interval in intervals {
                let name = |layout: &str| format!("layout/{layout}-{coding:?}-{interval}");
                self.add(name("grey"), jpeg(Color::Grey, coding, interval));
                for sampling in SAMPLINGS {
                    let bytes = jpeg(Color::Rgb(sampling), coding, interval);
                    self.add(name(&format!("{sampling:?}")), bytes);
                }
            }
        }
    }

    fn colors(&mut self) {
        let application = |number: u8, body: &[u8]| segment(0xE0 + number, body);
        let heads = [
            ("none", vec![]),
            ("jfif", vec![application(0, JFIF)]),
            ("jfif-short", vec![application(0, &JFIF[..13])]),
            ("adobe-0", vec![application(14, &adobe(0))]),
            ("adobe-1", vec![application(14, &adobe(1))]),
            ("adobe-2", vec![application(14, &adobe(2))]),
            ("adobe-9", vec![application(14, &adobe(9))]),
            ("adobe-short", vec![application(14, &adobe(0)[..11])]),
            (
                "adobe-long",
                vec![application(14, &[adobe(0), vec![7; 5]].concat())],
            ),
            (
                "adobe-jfif",
                vec![application(14, &adobe(0)), application(0, JFIF)],
            ),
            (
                "adobe-1-0",
                vec![application(14, &adobe(1)), application(14, &adobe(0))],
            ),
        ];
        let ids: [&[u8]; 8] = [
            &[1, 2, 3],
            &[0, 1, 2],
            b"RGB",
            b"rgb",
            &[1, 34, 35],
            &[1, 1, 1],
            &[7, 7, 9],
            &[255, 0, 3],
        ];
        let (full, halved) = (
            Color::Rgb(SamplingFactor::F_1_1),
            Color::Rgb(SamplingFactor::F_2_2),
        );
        let pictures = [
            jpeg(full, Coding::Baseline, 0),
            jpeg(halved, Coding::Progressive, 0),
        ];
        for (head, applications) in &heads {
            for ids in ids {
                for (number, picture) in pictures.iter().enumerate() {
                    let mut segments = taken_apart(picture);
                    segments.retain(|each| !is_application(each));
                    // A scan of one component says which it is by its id alone.
                    if number == 1 && (ids[0] == ids[1]) {
                        continue;
                    }
                    set_ids(&mut segments, ids);
                    segments.splice(0..0, applications.clone());
                    let ids: Vec<String> = ids.iter().map(u8::to_string).collect();
                    let name = format!("color/{head}-{}-{number}", ids.join("."));
                    self.add(name, put_together(&segments));
                }
            }
        }
    }

    fn restarts(&mut self) {
        for interval in [1, 3, 9] {
            for (base, picture) in bases(interval) {
                let sound = taken_apart(&picture);
                let mut add = |what: &str, change: &dyn Fn(&mut Vec<Interval>)| {
                    let mut segments = sound.clone();
                    for scan in segments.iter_mut().filter(|each| each.marker == SOS) {
                        change(&mut scan.intervals);
                    }
                    self.add(
                        format!("restart/{what}-{base}-{interval}"),
                        put_together(&segments),
                    );
                };
                let without = |lost: &'static [usize]| {
                    move |intervals: &mut Vec<Interval>| {
                        for index in lost {
                            if let Some(interval) = intervals.get_mut(*index) {
                                interval.marker.clear();
                            }
                        }
                    }
                };
                add("none-missing", &|_| {});
                add("first-missing", &without(&[0]));
                add("second-missing", &without(&[1]));
                add("two-missing", &without(&[1, 2]));
                add("two-apart-missing", &without(&[0, 3]));
                add("last-missing", &|intervals| {
                    let before_last = intervals.len().saturating_sub(2);
                    intervals[before_last].marker.clear();
                });
                add("all-missing", &|intervals| {
                    intervals.iter_mut().for_each(|each| each.marker.clear());
                });
                add("second-lost", &|intervals| {
                    if intervals.len() > 2 {
                        intervals.remove(1);
                    }
                });
                add("first-twice", &|intervals| {
                    let copy = intervals[0].clone();
                    intervals.insert(0, copy);
                });
                for (name, step) in [("next", 1), ("after-next", 2), ("far", 4), ("before", 7)] {
                    add(&format!("second-numbered-as-{name}"), &|intervals| {
                        if let Some([_, number]) =
                            intervals.get_mut(1).map(|each| &mut each.marker[..])
                        {
                            *number = 0xD0 + (*number - 0xD0 + step) % 8;
                        }
                    });
                }
                add("fill-before", &|intervals| {
                    for each in intervals.iter_mut().filter(|each| !each.marker.is_empty()) {
                        each.marker.insert(0, 0xFF);
                    }
                });
                add("bytes-before-second", &|intervals| {
                    if let Some(second) = intervals.get_mut(1) {
                        second.data.extend([0x5A; 12]);
                    }
                });
                add("one-more", &|intervals| {
                    let next = (intervals.len() as u8 - 1) % 8;
                    let last = intervals.len() - 1;
                    intervals[last].marker = vec![0xFF, 0xD0 + next];
                });
                let mut segments = sound.clone();
                segments.retain(|each| each.marker != DRI);
                self.add(
                    format!("restart/no-interval-{base}-{interval}"),
                    put_together(&segments),
                );
            }
        }
    }

    /// Damage in one scan of many: those that refine it depend on it. Not in the first, of the mean of each block: there
    /// libjpeg shows noise, which it makes of the lack of data.
    fn refinement(&mut self) {
        let seeds: [(&str, &[u8]); 2] = [
            ("grey", include_bytes!("seeds/grey.jpg")),
            ("420", include_bytes!("seeds/420.jpg")),
        ];
        for (base, seed) in seeds {
            let sound = taken_apart(seed);
            let is_scan = |each: &&Segment| each.marker == SOS;
            for scan in 1..sound.iter().filter(is_scan).count() {
                let mut add = |what: &str, change: &dyn Fn(&mut Vec<Interval>)| {
                    let mut segments = sound.clone();
                    let mut scans = segments.iter_mut().filter(|each| each.marker == SOS);
                    change(&mut scans.nth(scan).unwrap().intervals);
                    let name = format!("refinement/{what}-{base}-{scan}");
                    self.add(name, put_together(&segments));
                };
                add("second-missing", &|intervals| intervals[1].marker.clear());
                add("second-lost", &|intervals| drop(intervals.remove(1)));
                add("second-empty", &|intervals| intervals[1].data.clear());
                add("third-twice", &|intervals| {
                    let third = intervals[2].clone();
                    intervals.insert(2, third);
                });
            }
        }
    }

    fn cuts(&mut self) {
        for (base, picture) in [bases(0), bases(3)]
            .concat()
            .iter()
            .enumerate()
            .map(|(n, (name, picture))| (format!("{name}-{}", if n < 6 { 0 } else { 3 }), picture))
        {
            for percent in [3, 40, 60, 70, 80, 90, 95, 97] {
                let length = picture.len() * percent / 100;
                self.add(format!("cut/{percent}-{base}"), picture[..length].to_vec());
            }
            for (what, missing) in [("end", 2), ("half-end", 1)] {
                let bytes = picture[..picture.len() - missing].to_vec();
                self.add(format!("end-missing/{what}-{base}"), bytes);
            }
        }
    }
}
