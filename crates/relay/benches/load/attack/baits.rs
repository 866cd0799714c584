//! What a stranger leaves for `extract` to read: pictures, their names, models.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use live_keypoints_pipeline::Quality;
use live_keypoints_pipeline::inference::ModelKind;
use live_keypoints_pipeline::signs::MAX_MANIFEST_BYTES;

use super::bombs::{lossless, refined};
use crate::clip::Clip;

/// Bytes of standard input.
const STREAM_BYTES: usize = 3 << 20;
const CHAINED_NODES: usize = 100_000;
const MUTANTS: usize = 60;

#[derive(Clone, Copy, Debug)]
pub(super) enum Bait {
    /// A folder with a picture and a pipe.
    Pipe,
    /// So many frames of the clip.
    Frames(usize),
    /// Starts of pictures on standard input, each of which may be that of a segment of 64 KB as well.
    Starts,
    /// 368 bytes that are work for seconds.
    Lossless,
    /// 13.7 KB that are.
    Refined,
    /// A PNG whose palette is not of whole entries.
    Palette,
    /// A name that a terminal would obey, of a file that is no picture.
    ControlCharacters,
    /// A model of very many nodes in a row.
    Chain,
    /// A model of a few bytes that stand for a constant of 8 GB.
    Constant,
    /// Models of which a few bytes are others.
    Mutants,
    /// A sign model of very many nodes in a row.
    SignsChain,
    /// Sign models of which a few bytes are others.
    SignsMutants,
    /// A manifest of signs that nests without end, and one of the greatest length.
    SignsManifests,
}

impl Bait {
    /// How many inputs there are of the kind.
    pub(super) fn count(self) -> usize {
        match self {
            Self::Mutants => KNOWN_MUTANTS.len() + MUTANTS,
            Self::SignsMutants => MUTANTS,
            Self::SignsManifests => 2,
            _ => 1,
        }
    }

    /// Puts one into a folder; gives what stands on standard input.
    pub(super) fn lay(self, folder: &Path, clip: &Clip, number: usize) -> Result<Vec<u8>> {
        let pictures = folder.join("pictures");
        fs::create_dir(&pictures)?;
        let write = |name: &str, bytes: &[u8]| fs::write(pictures.join(name), bytes);
        match self {
            Self::Pipe => {
                write("a.jpg", clip.frame(0))?;
                let made = Command::new("mkfifo")
                    .arg(pictures.join("b.jpg"))
                    .status()?;
                ensure!(made.success(), "no FIFO can be made");
            }
            Self::Frames(count) => {
                for number in 0..count {
                    write(&format!("{number}.jpg"), clip.frame(number))?;
                }
            }
            Self::Starts => {
                let start = b"\xFF\xD8\xFF\xDB\xFF\xFF";
                return Ok(start.repeat(STREAM_BYTES / start.len()));
            }
            Self::Lossless => write("a.jpg", &lossless(20))?,
            Self::Refined => write("a.jpg", &refined(400))?,
            Self::Palette => write("a.png", BROKEN_PALETTE)?,
            Self::ControlCharacters => write("a\x1b[31m\n\u{9b}b.jpg", b"no picture")?,
            Self::Chain | Self::Constant | Self::Mutants => {
                write("a.jpg", clip.frame(0))?;
                self.lay_models(&folder.join("models"), number)?;
            }
            Self::SignsChain | Self::SignsMutants | Self::SignsManifests => {
                write("a.jpg", clip.frame(0))?;
                self.lay_signs(&folder.join("signs"), number)?;
            }
        }
        Ok(Vec::new())
    }

    fn lay_models(self, folder: &Path, number: usize) -> Result<()> {
        fs::create_dir(folder)?;
        for kind in ModelKind::of_quality(Quality::Full) {
            let bytes = match self {
                Self::Chain if kind == ModelKind::HandRecrop => chain(CHAINED_NODES),
                Self::Constant if kind == ModelKind::HandRecrop => constant(1_000_000_000),
                Self::Mutants => mutant(kind, number),
                _ => kind.embedded_bytes().to_vec(),
            };
            fs::write(folder.join(format!("{}.onnx", kind.name())), bytes)?;
        }
        Ok(())
    }
}

impl Bait {
    fn lay_signs(self, folder: &Path, number: usize) -> Result<()> {
        fs::create_dir(folder)?;
        let manifest = match (self, number) {
            (Self::SignsManifests, 0) => "[".repeat(MAX_MANIFEST_BYTES),
            (Self::SignsManifests, _) => {
                let labels = vec![r#""a""#; MAX_MANIFEST_BYTES / 4 - SIGNS.len()];
                SIGNS.replace("{labels}", &labels.join(","))
            }
            _ => SIGNS.replace("{labels}", r#""a","b","c""#),
        };
        fs::write(folder.join("signs.json"), manifest)?;
        let model = match self {
            Self::SignsChain => chain(CHAINED_NODES),
            Self::SignsMutants => changed(SIGN_MODEL.to_vec(), number, SIGN_MODEL.len() as u64),
            _ => SIGN_MODEL.to_vec(),
        };
        fs::write(folder.join("model.onnx"), model)?;
        Ok(())
    }
}

/// A manifest that fits [`SIGN_MODEL`].
const SIGNS: &str = r#"{
    "version": 1, "model": "model.onnx", "labels": [{labels}],
    "features": { "parts": [{ "part": "pose", "points": [0, 1], "values": ["x", "y", "z"] }] },
    "window": { "least": 1, "most": 12 }, "softmax": true
}"#;
const SIGN_MODEL: &[u8] = include_bytes!("../../../../../tests/fixtures/signs/sequence.onnx");

/// Kept for the fuzzers as well.
const BROKEN_PALETTE: &[u8] = include_bytes!("../../../../../fuzz/corpus/png/palette-of-4-bytes");

/// A field of a protobuf message that holds bytes.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    let mut length = content.len();
    while length > 127 {
        field.push(length as u8 | 128);
        length >>= 7;
    }
    field.push(length as u8);
    field.extend(content);
    field
}

/// An ONNX file of so many nodes, each of which reads what the one before it gives.
fn chain(nodes: usize) -> Vec<u8> {
    let value = |number: usize| format!("x{number}").into_bytes();
    let mut graph = Vec::new();
    for number in 0..nodes {
        let [input, output] = [field(1, &value(number)), field(2, &value(number + 1))];
        graph.extend(field(1, &[input, output, field(4, b"Relu")].concat()));
    }
    // One f32, as input (field 11) and output (field 12).
    let shape = field(2, &field(1, b"\x08\x01"));
    let kind = field(2, &field(1, &[b"\x08\x01".to_vec(), shape].concat()));
    for (number, name) in [(11, value(0)), (12, value(nodes))] {
        graph.extend(field(number, &[field(1, &name), kind.clone()].concat()));
    }
    model(&graph)
}

/// An ONNX file with a node that makes a constant of so many numbers.
fn constant(elements: i64) -> Vec<u8> {
    // One 64-bit integer.
    let kind = b"\x08\x01\x10\x07".to_vec();
    let shape = [kind, field(8, b"s"), field(9, &elements.to_le_bytes())].concat();
    let node = [field(1, b"s"), field(2, b"y"), field(4, b"ConstantOfShape")].concat();
    let output = field(12, &field(1, b"y"));
    model(&[field(1, &node), field(5, &shape), output].concat())
}

/// The file of a graph, with the version of the format and that of the operators.
fn model(graph: &[u8]) -> Vec<u8> {
    let operators = field(8, b"\x10\x0D");
    [b"\x08\x08".to_vec(), operators, field(7, graph)].concat()
}

/// Mutants that once took long, by the places of their bytes.
const KNOWN_MUTANTS: &[(ModelKind, &[(usize, u8)])] = &[(
    ModelKind::HandRecrop,
    &[(91, 0), (43_170, 128), (46_719, 176)],
)];
/// Nodes stand before weights.
const NODE_BYTES: u64 = 16 << 10;

/// A model of which up to six bytes are others, if it is its turn: the same ones in every run.
fn mutant(kind: ModelKind, number: usize) -> Vec<u8> {
    let mut bytes = kind.embedded_bytes().to_vec();
    if let Some((known, changes)) = KNOWN_MUTANTS.get(number) {
        if *known == kind {
            for (place, value) in *changes {
                bytes[*place] = *value;
            }
        }
        return bytes;
    }
    let kinds = ModelKind::of_quality(Quality::Full);
    match kinds[number % kinds.len()] == kind {
        true => changed(bytes, number, NODE_BYTES),
        false => bytes,
    }
}

/// A file of which up to six bytes are others, among the first so many.
fn changed(mut bytes: Vec<u8>, number: usize, places: u64) -> Vec<u8> {
    let mut state = number as u64;
    let mut next = || {
        // Knuth's generator for MMIX; its high bits are the random ones.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    for _ in 0..=next() % 6 {
        let place = (next() % places) as usize;
        bytes[place] = next() as u8;
    }
    bytes
}
