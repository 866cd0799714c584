//! Each model's output against TensorFlow Lite's with XNNPACK, bit for bit (`tests/golden/tflite.json`).

use std::fs;
use std::path::Path;

use serde_json::Value;
use tract_onnx::prelude::Tensor;

use super::model::ModelOutputs;
use super::{Model, ModelInput, ModelKind};

fn repository() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What goes in, as `tests/golden/tflite.py` has it: every (512 / side)th pixel of the picture, or every third point of
/// the face that the mesh model gives for it.
fn input(kind: ModelKind) -> Vec<f32> {
    let ModelInput::Picture(spec) = kind.input() else {
        let face = outputs(ModelKind::FaceLandmark478);
        let points = face.values(0).unwrap().as_chunks::<3>().0;
        let third = points.iter().step_by(3).take(146);
        return third.flat_map(|[x, y, _]| [*x, *y]).collect();
    };
    let path = repository().join("tests/fixtures/images/astronaut.png");
    let file = std::io::BufReader::new(fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let picture_side = info.width as usize;
    let (side, [black, white]) = (spec.input_size, spec.range);
    let scale = f64::from((white - black) / 255.0);
    let mut values = Vec::with_capacity(side * side * 3);
    for (y, x) in (0..side * side).map(|pixel| (pixel / side, pixel % side)) {
        let at = (y * picture_side / side * picture_side + x * picture_side / side) * 3;
        let bytes = pixels[at..at + 3].iter();
        values.extend(bytes.map(|byte| (f64::from(*byte) * scale + f64::from(black)) as f32));
    }
    values
}

fn outputs(kind: ModelKind) -> ModelOutputs {
    let input = Tensor::from_shape(&kind.input().shape(), &input(kind)).unwrap();
    let model = Model::load(kind, kind.file()).unwrap();
    model.run_tensor(input.into()).unwrap()
}

fn fnv1a(values: &[f32]) -> String {
    let bytes = values.iter().flat_map(|value| value.to_le_bytes());
    let digest = bytes.fold(0xCBF2_9CE4_8422_2325u64, |digest, byte| {
        (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    format!("{digest:016x}")
}

/// Of what is given whole in the golden file and need not be equal bit for bit.
fn tolerance(kind: ModelKind) -> f64 {
    match kind {
        // XNNPACK sums the means of its norms in another order, and has its own polynomials for their roots.
        ModelKind::FaceBlendshapes => 2e-6,
        // Behind a sigmoid, for which XNNPACK has its own polynomial.
        _ => 1e-6,
    }
}

#[test]
fn every_model_gives_the_bits_of_tensorflow_lite() {
    let golden = fs::read(repository().join("tests/golden/tflite.json")).unwrap();
    let golden: Value = serde_json::from_slice(&golden).unwrap();
    let mut compared = 0;
    for kind in ModelKind::ALL {
        // The lite models are in no package that the golden file could be made from.
        let Some(expected) = golden["models"].get(kind.name()) else {
            continue;
        };
        let outputs = outputs(kind);
        for (index, output) in kind.outputs().iter().enumerate() {
            let values = outputs.values(index).unwrap();
            let same_length = expected
                .as_array()
                .unwrap()
                .iter()
                .filter(|e| e["values"] == values.len());
            let is_equal = |expected: &Value| {
                let first = expected["first"].as_array().unwrap();
                let is_near = |(value, expected): (&f32, &Value)| {
                    (f64::from(*value) - expected.as_f64().unwrap()).abs() < tolerance(kind)
                };
                expected["fnv1a"] == fnv1a(values)
                    || first.len() == values.len() && values.iter().zip(first).all(is_near)
            };
            assert!(
                same_length.clone().any(is_equal),
                "{} {}: {:?}… is none of {:?}",
                kind.name(),
                output.name,
                &values[..values.len().min(3)],
                same_length.collect::<Vec<_>>()
            );
            compared += 1;
        }
    }
    assert_eq!(
        compared, 20,
        "two outputs of each detector and mesh, four of pose and hand, one of re-crop and blendshapes"
    );
}
