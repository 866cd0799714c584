//! The package's `src/generated`: types, names and checks in TypeScript, made of what Rust has. Beside each text that is
//! made here lies the file that it must equal; where they differ on purpose, `LIVE_KEYPOINTS_GENERATE=1` writes it anew.

#![cfg_attr(
    target_arch = "wasm32",
    expect(clippy::disallowed_methods, reason = "these tests run natively only")
)]

use std::path::PathBuf;

use live_keypoints_pipeline::topology::{
    BLENDSHAPE_NAMES, FACE_CONTOURS, FACE_LEFT_IRIS, FACE_POINTS, FACE_POINTS_WITH_IRISES,
    FACE_RIGHT_IRIS, HAND_CONNECTIONS, HAND_NAMES, POSE_CONNECTIONS, POSE_NAMES,
};
use live_keypoints_pipeline::{
    ErrorCode, Graph, HandSource, Handedness, MissingReason, Parts, Quality, Step,
};

use super::package::{PackageOptions, package_options};
use super::typescript::{interface, line, lines, list, options, url, words};
use super::{Check, FromJs, ToJs};
use crate::objects::{
    ConnectionStats, FailedFrame, HandSources, Keypoints, MissingParts, Scores, Stats, Timings,
    TrackedHand, WorkerStats,
};
use crate::page::models::MODELS;
use crate::page::options::StreamOptions;
use crate::page::progress::{CompileProgress, DownloadProgress, OptimiseProgress, ReadyProgress};
use crate::relay::{LinkState, Reconnect, RelayOptions};
use crate::relay_stream::connection_state::ConnectionState;
use crate::sign_objects::{Sign, SignCandidate, SignNeeds};
use crate::stage_times::{StageStats, StageTime};

const HEADING: &str =
    "// Made of crates/web by `cargo test -p live-keypoints-web generated`; change it there.\n";

fn holds_equal(file: &str, text: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../www/src/generated");
    let path = folder.join(file);
    if std::env::var_os("LIVE_KEYPOINTS_GENERATE").is_some() {
        let written = std::fs::write(&path, text);
        assert!(written.is_ok(), "{file}: {written:?}");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == text,
        "www/src/generated/{file} is not what Rust says: run this with LIVE_KEYPOINTS_GENERATE=1"
    );
}

#[test]
fn generated_options_are_those_of_rust() {
    let mut out = HEADING.to_owned();
    out.push_str(
        r#"
import type { AssetsOption, AssetSource } from "../assets.js";
import type { LiveKeypointsError } from "../errors.js";
import type { Checks } from "../option-checks.js";
import type { SocketLike } from "../relay/socket.js";
import type { WorkerLike } from "../worker-scripts.js";
import type { Progress } from "./results.js";
import type { Graph, ModelName, Part, Quality } from "./words.js";

"#,
    );
    let address = "{ kind: \"address\" }";
    line!(out, "/** A source for each model. */");
    line!(out, "const MODEL_SOURCES = {{");
    for model in MODELS {
        line!(out, "  {}: {address},", model.name);
    }
    line!(out, "}} as const;\n");
    macro_rules! of {
        ($Name:ident, $name:literal) => {
            PackageOptions {
                name: $name,
                doc: $Name::DOC,
                extends: None,
                keys: $Name::keys(),
            }
        };
    }
    let of_modules = [
        of!(Reconnect, "ReconnectOptions"),
        of!(StreamOptions, "StreamOptions"),
        of!(RelayOptions, "RelayOptions"),
    ];
    for declared in of_modules.into_iter().chain(package_options()) {
        options(&mut out, &declared);
    }
    holds_equal("options.ts", &format!("{}\n", out.trim_end()));
}

#[test]
fn generated_addresses_are_those_of_the_files() {
    let mut out = format!("{HEADING}\n");
    out.push_str("import type { ModelName } from \"./generated/words.js\";\n\n");
    out.push_str("// Written out, so that bundlers see the files; beside this one, as in the bundled package.\n\n");
    line!(out, "/** Addresses of the package's modules. */");
    line!(out, "export const MODULE_URLS = {{");
    for (folder, module) in [
        ("session", "session"),
        ("inference", "inference"),
        ("inference", "inference_relaxed"),
        ("relay", "relay"),
        ("signs", "signs"),
    ] {
        url(&mut out, module, &format!("wasm/{folder}/{module}_bg.wasm"));
    }
    line!(out, "}};\n");
    line!(
        out,
        "/** Address of the script by which a worker recognises signs. */"
    );
    line!(out, "export const SIGNS_SCRIPT_URL = (): URL =>");
    line!(
        out,
        "  new URL(\"./wasm/signs/worker.js\", import.meta.url);\n"
    );
    line!(out, "/** Addresses of its model files. */");
    line!(
        out,
        "export const MODEL_URLS: Readonly<Record<ModelName, () => URL>> = {{"
    );
    for model in MODELS {
        url(&mut out, model.name, &format!("models/{}.onnx", model.name));
    }
    line!(out, "}};");
    holds_equal("../file-urls.ts", &out);
}

#[test]
fn generated_results_are_those_of_rust() {
    let mut out = HEADING.to_owned();
    out.push_str(
        "\nimport type { ConnectionWord, ErrorCode, HandSource, Graph, Handedness, MissingReason, Part, Step } from \"./words.js\";\n\n",
    );
    macro_rules! interfaces {
        ($($Name:ident),+) => {
            $(interface(&mut out, stringify!($Name), $Name::DOC, &$Name::keys());)+
        };
    }
    interfaces!(
        Timings,
        Scores,
        MissingParts,
        HandSources,
        TrackedHand,
        Keypoints,
        FailedFrame,
        WorkerStats,
        ConnectionStats,
        ConnectionState,
        SignCandidate,
        Sign,
        SignNeeds,
        StageTime,
        StageStats,
        Stats,
        DownloadProgress,
        CompileProgress,
        OptimiseProgress,
        ReadyProgress
    );
    let kinds = [
        DownloadProgress::type_name(),
        CompileProgress::type_name(),
        OptimiseProgress::type_name(),
        ReadyProgress::type_name(),
    ];
    out.push_str("/** A stage of a frame, from waiting to everything together. */\n");
    out.push_str("export type Stage = keyof Timings;\n\n");
    out.push_str("/** The parts of a result that can be absent one by one. */\n");
    out.push_str("export type ResultPart = keyof Scores;\n\n");
    words(
        &mut out,
        "Progress",
        " How far `LiveKeypoints.create` has come.",
        &kinds,
    );
    holds_equal("results.ts", &format!("{}\n", out.trim_end()));
}

#[test]
fn generated_words_are_those_of_rust() {
    let mut out = format!("{HEADING}\n");
    let json = |words: Vec<serde_json::Value>| -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    };
    let quality =
        [Quality::Full, Quality::Lite].map(|quality| serde_json::to_value(quality).unwrap());
    let graphs =
        [Graph::Holistic, Graph::Landmarkers].map(|graph| serde_json::to_value(graph).unwrap());
    let sides =
        [Handedness::Left, Handedness::Right].map(|side| serde_json::to_value(side).unwrap());
    let sources = [HandSource::Body, HandSource::Tracked, HandSource::Palm];
    let sources = sources.map(|source| source.as_str().into());
    let parts = serde_json::from_str(&Parts::ALL.source().unwrap()).unwrap();
    let reasons = MissingReason::ALL.map(|reason| reason.as_str().into());
    let steps = Step::ALL.map(|step| crate::objects::step_word(step).into());
    let links = [
        LinkState::Open,
        LinkState::Waiting,
        LinkState::Connecting,
        LinkState::Idle,
    ]
    .map(|state| state.as_str().into());
    for (name, doc, list) in [
        (
            "Part",
            " What can be asked for: 33 body points, 21 of each hand, 478 or 468 of the face.",
            parts,
        ),
        (
            "Quality",
            " Which landmark models: `full` for accuracy, `lite` for about two thirds of the work.",
            quality.to_vec(),
        ),
        (
            "Graph",
            " How parts are found: hands and face near the body, or each by itself.",
            graphs.to_vec(),
        ),
        ("HandSource", " Where a hand comes from.", sources.to_vec()),
        (
            "Handedness",
            " The side of a hand, the subject's own.",
            sides.to_vec(),
        ),
        (
            "MissingReason",
            " Why a part that was asked for is absent: nobody was found; its place is not in the picture or hidden; or its\n model ran and was not sure enough.",
            reasons.to_vec(),
        ),
        ("Step", " A step of a frame.", steps.to_vec()),
        (
            "ConnectionWord",
            " What the connection to a relay is at.",
            links.to_vec(),
        ),
    ] {
        words(&mut out, name, doc, &json(list));
    }
    let codes = ErrorCode::ALL.iter().map(|code| code.as_str());
    list(
        &mut out,
        "ERROR_CODES",
        " Every code an error can carry.",
        codes,
    );
    out.push_str(
        "/** The stable word that says what went wrong; branch on it, never on the text. */\n",
    );
    out.push_str("export type ErrorCode = (typeof ERROR_CODES)[number];\n\n");
    list(
        &mut out,
        "MODEL_NAMES",
        " Every model file, without `.onnx`.",
        MODELS.iter().map(|model| model.name),
    );
    out.push_str("/** A model file, without `.onnx`. */\n");
    out.push_str("export type ModelName = (typeof MODEL_NAMES)[number];\n");
    holds_equal("words.ts", &out);
}

#[test]
fn generated_topology_is_that_of_rust() {
    let mut out = HEADING.to_owned();
    out.push_str(
        "// Names of the landmarks and the lines between them: facts of MediaPipe's models.\n\n",
    );
    out.push_str("/** A line from one landmark to another, by index. */\n");
    out.push_str("export type Connection = readonly [from: number, to: number];\n\n");
    for (part, of, names) in [
        ("POSE", "body", &POSE_NAMES[..]),
        ("HAND", "hand", &HAND_NAMES[..]),
    ] {
        let whose = if of == "body" { "the body" } else { "a hand" };
        let doc = format!(
            " Names of the {} landmarks of {whose}, in order.",
            names.len()
        );
        list(
            &mut out,
            &format!("{part}_LANDMARK_NAMES"),
            &doc,
            names.iter().copied(),
        );
        let type_name = if of == "body" {
            "PoseLandmarkName"
        } else {
            "HandLandmarkName"
        };
        line!(out, "/** Name of a {of} landmark. */");
        line!(
            out,
            "export type {type_name} = (typeof {part}_LANDMARK_NAMES)[number];\n"
        );
        let (index, name) = names.iter().enumerate().next_back().unwrap();
        line!(
            out,
            "/** Index of each {of} landmark: `{part}_LANDMARK.{name}` is {index}. */"
        );
        line!(
            out,
            "export const {part}_LANDMARK: Readonly<Record<{type_name}, number>> = {{"
        );
        for (index, name) in names.iter().enumerate() {
            line!(out, "  {name}: {index},");
        }
        out.push_str("};\n\n");
    }
    line!(out, "/** Points of the face mesh; they have no names. */");
    line!(out, "export const FACE_LANDMARK_COUNT = {FACE_POINTS};\n");
    line!(
        out,
        "/** Points of the face mesh with the irises: 468 to 472 the right one, 473 to 477 the left one, each with its centre first. */"
    );
    line!(
        out,
        "export const FACE_LANDMARK_COUNT_WITH_IRISES = {FACE_POINTS_WITH_IRISES};\n"
    );
    list(
        &mut out,
        "BLENDSHAPE_NAMES",
        " Names of the expressions that `blendshapes` tells, in order. Sides are the subject's own; the first means nothing.",
        BLENDSHAPE_NAMES.iter().copied(),
    );
    out.push_str("/** Name of an expression. */\n");
    out.push_str("export type BlendshapeName = (typeof BLENDSHAPE_NAMES)[number];\n\n");
    lines(
        &mut out,
        "POSE_CONNECTIONS",
        "lines of the body",
        &POSE_CONNECTIONS,
    );
    lines(
        &mut out,
        "HAND_CONNECTIONS",
        "lines of a hand",
        &HAND_CONNECTIONS,
    );
    for (name, contour) in FACE_CONTOURS {
        let whose = name.replace('_', " ");
        let (name, whose) = (name.to_uppercase(), format!("lines of the face's {whose}"));
        lines(&mut out, &format!("FACE_{name}"), &whose, contour);
    }
    lines(
        &mut out,
        "FACE_LEFT_IRIS",
        "lines around the left iris",
        &FACE_LEFT_IRIS,
    );
    lines(
        &mut out,
        "FACE_RIGHT_IRIS",
        "lines around the right iris",
        &FACE_RIGHT_IRIS,
    );
    out.push_str("/** The lines around both irises, of a face of 478 points. */\n");
    out.push_str("export const FACE_IRISES: readonly Connection[] = [\n  ...FACE_LEFT_IRIS,\n  ...FACE_RIGHT_IRIS,\n];\n\n");
    out.push_str("/** All lines of the face: lips, eyes, eyebrows, outline. */\n");
    out.push_str("export const FACE_CONTOURS: readonly Connection[] = [\n");
    for (name, _) in FACE_CONTOURS {
        line!(out, "  ...FACE_{},", name.to_uppercase());
    }
    out.push_str("];\n");
    holds_equal("topology.ts", &out);
}

#[test]
fn the_words_of_an_option_are_those_that_it_reads() {
    for key in StreamOptions::keys()
        .into_iter()
        .chain(RelayOptions::keys())
    {
        if let (Check::Word(_, words), Some(default)) = (&key.check, &key.default) {
            assert!(
                words.iter().any(|word| format!("{word:?}") == *default),
                "{}",
                key.name
            );
        }
    }
    let known = ["full", "lite"].map(|word| super::word::<Quality>(word).is_some());
    assert_eq!(known, [true; 2]);
    assert!(super::word::<Quality>("medium").is_none());
    for word in ["exact", "fast"] {
        assert!(super::word::<crate::page::options::Decode>(word).is_some());
    }
    for word in ["binary", "json"] {
        assert!(super::word::<live_keypoints_protocol::Format>(word).is_some());
    }
}
