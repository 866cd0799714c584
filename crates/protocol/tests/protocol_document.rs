//! The tables and examples of `PROTOCOL.md` against the crate's types.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use live_keypoints_pipeline::format::jsonl::HandWorld;
use live_keypoints_pipeline::{
    ErrorCode, FrameKeypoints, HandSource, HandSources, MissingParts, MissingReason, Parts, Scores,
    Timings,
};
use live_keypoints_protocol::{
    BadFrame, ClientMessage, CloseCode, Configure, Contents, ERROR_CODES, FrameHeader,
    FrameMessage, Keypoints, ServerMessage,
};
use serde_json::Value;

const DOCUMENT: &str = include_str!("../../relay/PROTOCOL.md");

/// The cells of each row of the table with this head.
fn table(head: &str) -> Vec<Vec<&'static str>> {
    let mut lines = DOCUMENT.lines().skip_while(|line| *line != head);
    assert!(lines.next().is_some(), "there is no table {head}");
    let rows = lines.skip(1).take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

/// The words in backticks of a cell.
fn words(cell: &'static str) -> impl Iterator<Item = &'static str> {
    cell.split('`').skip(1).step_by(2)
}

/// The lines of all examples with this mark.
fn examples(mark: &str) -> Vec<&'static str> {
    let blocks = DOCUMENT.split("\n```transcript\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("\n```").next().unwrap().lines());
    lines.filter_map(|line| line.strip_prefix(mark)).collect()
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    keys
}

#[test]
fn every_type_of_message_has_its_row() {
    let rows = table("| `type` | from | what |");
    let of = |from| {
        let rows = rows.iter().filter(move |row| row[1] == from);
        rows.flat_map(|row| words(row[0])).collect::<Vec<_>>()
    };
    assert_eq!(of("client"), ClientMessage::TYPES);
    assert_eq!(of("relay"), ServerMessage::TYPES);
}

#[test]
fn every_error_code_has_its_row_and_says_whether_the_frame_is_a_bad_one() {
    let rows = table("| code | when | bad frame |");
    let listed: Vec<(ErrorCode, &str)> = rows
        .iter()
        .map(|row| (words(row[0]).next().unwrap().parse().unwrap(), row[2]))
        .collect();
    let expected = ERROR_CODES.map(|(code, bad)| {
        let cell = match bad {
            BadFrame::Yes => "yes",
            BadFrame::No => "no",
            BadFrame::Never => "–",
        };
        (code, cell)
    });
    assert_eq!(listed, expected);
}

#[test]
fn every_close_code_has_its_row() {
    let rows = table("| code | when |");
    let listed: Vec<u16> = rows.iter().map(|row| row[0].parse().unwrap()).collect();
    assert_eq!(listed, CloseCode::ALL.map(CloseCode::number));
}

#[test]
fn every_option_has_its_row() {
    let rows = table("| field | what | at first |");
    let listed: Vec<_> = rows.iter().flat_map(|row| words(row[0])).collect();
    let mut expected = Configure::FIELDS.to_vec();
    let mut sorted = listed.clone();
    expected.sort_unstable();
    sorted.sort_unstable();
    assert_eq!(sorted, expected);
}

/// Keypoints with every field, of a picture in which nothing was found.
fn of_nobody() -> FrameKeypoints {
    FrameKeypoints {
        index: 0,
        timestamp_us: 0,
        width: 1,
        height: 1,
        parts: Parts::ALL,
        pose: None,
        pose_world: None,
        left_hand: None,
        right_hand: None,
        left_hand_world: None,
        right_hand_world: None,
        hand_sources: Some(HandSources::default()),
        hands: Some(Vec::new()),
        face: None,
        blendshapes: Some(None),
        scores: Scores::default(),
        missing: MissingParts::default(),
        still: true,
        dropped: 0,
        timings: Timings {
            palm: 1,
            ..Timings::default()
        },
    }
}

#[test]
fn every_field_of_keypoints_has_its_row() {
    let contents = Contents {
        hand_world: HandWorld::Included,
        ..Contents::default()
    };
    let message = serde_json::to_value(Keypoints::new(&of_nobody(), None, &contents)).unwrap();
    let rows = table("| field | what |");
    let mut listed: Vec<_> = rows.iter().flat_map(|row| words(row[0])).collect();
    listed.sort_unstable();
    assert_eq!(listed, keys(&message));
    let cell = |field| {
        let row = rows
            .iter()
            .find(|row| words(row[0]).any(|word| word == field));
        row.unwrap()[1]
    };
    let mut timings: Vec<_> = words(cell("timings_us")).collect();
    timings.sort_unstable();
    assert_eq!(timings, keys(&message["timings_us"]));
    let reasons: Vec<_> = words(cell("missing"))
        .filter(|word| *word != "null")
        .collect();
    assert_eq!(reasons, MissingReason::ALL.map(MissingReason::as_str));
    let sources: Vec<_> = words(cell("hand_sources"))
        .filter(|word| {
            HandSource::ALL
                .iter()
                .any(|source| source.as_str() == *word)
        })
        .collect();
    assert_eq!(sources, HandSource::ALL.map(HandSource::as_str));
}

#[test]
fn every_message_of_a_client_reads_and_says_the_same_again() {
    let texts: Vec<_> = examples("> ")
        .into_iter()
        .filter(|line| line.starts_with('{'))
        .collect();
    assert!(texts.len() > 5);
    for text in texts {
        match ClientMessage::read(text) {
            Ok(message) => {
                let given: Value = serde_json::from_str(text).unwrap();
                assert_eq!(serde_json::to_value(&message).unwrap(), given, "{text}");
            }
            // It is there to be refused.
            Err(error) => assert!(text.contains("hello") || text.contains("partz"), "{error}"),
        }
    }
}

#[test]
fn every_message_of_a_relay_that_is_shown_whole_reads_and_says_the_same_again() {
    let mut whole = 0;
    for text in examples("< ")
        .into_iter()
        .filter(|line| line.starts_with('{'))
    {
        let given: Value = serde_json::from_str(text).unwrap();
        let message_type = given["type"].as_str().unwrap();
        assert!(ServerMessage::TYPES.contains(&message_type), "{text}");
        if text.contains('…') {
            continue;
        }
        let message = ServerMessage::read(text).unwrap().unwrap();
        assert_eq!(serde_json::to_value(&message).unwrap(), given, "{text}");
        whole += 1;
    }
    assert!(whole >= 4, "{whole}");
}

#[test]
fn every_header_of_a_frame_reads_and_is_written_the_same_again() {
    let mut headers = 0;
    for line in examples("> ") {
        let Some(hex) = line
            .strip_suffix("clip 0")
            .filter(|hex| hex.starts_with("4C 4B"))
        else {
            continue;
        };
        let bytes = hex
            .split_whitespace()
            .map(|byte| u8::from_str_radix(byte, 16).unwrap());
        let message: Vec<u8> = bytes.chain([0xFF, 0xD8]).collect();
        let FrameMessage::Jpeg(Some(header), jpeg) = FrameMessage::read(&message) else {
            panic!("{line}");
        };
        assert_eq!(jpeg, [0xFF, 0xD8]);
        assert_eq!(header.to_bytes()[..], message[..FrameHeader::LENGTH]);
        headers += 1;
    }
    assert_eq!(headers, 5);
}
