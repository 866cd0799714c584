//! Each model's output against TensorFlow Lite's with XNNPACK, bit for bit (`tests/golden/tflite.json`).

use std::fs;
use std::path::Path;

use serde_json::Value;
use tract_onnx::prelude::Tensor;

use super::{Model, ModelKind};

fn repository() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every (512 / side)th pixel of the picture, as `tests/golden/tflite.py` takes them.
fn input(kind: ModelKind) -> Vec<f32> {
    let path = repository().join("tests/fixtures/images/astronaut.png");
    let file = std::io::BufReader::new(fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let picture_side = info.width as usize;
    let spec = kind.input().picture().unwrap();
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

fn fnv1a(values: &[f32]) -> String {
    let bytes = values.iter().flat_map(|value| value.to_le_bytes());
    let digest = bytes.fold(0xCBF2_9CE4_8422_2325u64, |digest, byte| {
        (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    format!("{digest:016x}")
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
        let input = Tensor::from_shape(&kind.input().shape(), &input(kind)).unwrap();
        let outputs = Model::load(kind, kind.file())
            .unwrap()
            .run_tensor(input.into())
            .unwrap();
        for (index, output) in kind.outputs().iter().enumerate() {
            let values = outputs.values(index).unwrap();
            let same_length = expected
                .as_array()
                .unwrap()
                .iter()
                .filter(|e| e["values"] == values.len());
            let is_equal = |expected: &Value| {
                if values.len() == 1 {
                    // Behind a sigmoid, for which XNNPACK has its own polynomial.
                    (f64::from(values[0]) - expected["first"][0].as_f64().unwrap()).abs() < 1e-6
                } else {
                    expected["fnv1a"] == fnv1a(values)
                }
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
        compared, 15,
        "two outputs of each detector and the mesh, four of pose and hand, one of the re-crop"
    );
}
