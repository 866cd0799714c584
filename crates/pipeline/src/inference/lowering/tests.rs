//! Lowered models against the same models run by tract alone.

#![expect(clippy::unwrap_used, reason = "a test ends where its own set-up fails")]

use std::collections::BTreeSet;
use std::io::Cursor;

use tract_onnx::prelude::*;

use super::{is_complete, lower};
use crate::inference::{ModelInput, ModelKind};

fn graph(kind: ModelKind) -> TypedModel {
    let graph = onnx()
        .model_for_read(&mut Cursor::new(kind.file()))
        .unwrap();
    graph.into_typed().unwrap()
}

/// Tiles of 16 pixels in different greys with noise on them: more like a picture than noise alone. Of points, a spiral with
/// noise on it.
fn input(kind: ModelKind) -> Tensor {
    let mut state = 0x2545_F491_4F6C_DD1Du64;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 24) as f32
    };
    let shape = kind.input().shape();
    let values: Vec<f32> = match kind.input() {
        ModelInput::Picture(spec) => {
            let (side, [low, high]) = (spec.input_size, spec.range);
            let value = |n: usize| {
                let (pixel, channel) = (n / 3, n % 3);
                let (y, x) = (pixel / side, pixel % side);
                let tile = ((x / 16) * 7 + (y / 16) * 5 + channel * 3) % 8;
                low + (high - low) * (0.1 * tile as f32 + 0.2 * noise())
            };
            (0..side * side * 3).map(value).collect()
        }
        ModelInput::Points(count) => (0..count)
            .flat_map(|n| {
                let (sin, cos) = (n as f32 * 0.3).sin_cos();
                [cos, sin].map(|direction| 300.0 + n as f32 * direction + 10.0 * noise())
            })
            .collect(),
    };
    Tensor::from_shape(&shape, &values).unwrap()
}

fn outputs(graph: TypedModel, input: &Tensor) -> Vec<Vec<f32>> {
    let plan = graph.into_runnable().unwrap();
    let outputs = plan.run(tvec!(input.clone().into())).unwrap();
    outputs
        .iter()
        .map(|tensor| {
            tensor
                .try_as_plain_ram()
                .unwrap()
                .as_slice::<f32>()
                .unwrap()
                .to_vec()
        })
        .collect()
}

/// Both sum thousands of products in single precision, in different orders. The limit is a part of the output's own
/// range: 5·10⁻⁴ of 256 pixels is an eighth of a pixel on noise that no camera makes; pictures stay far below it.
#[test]
fn lowered_models_compute_what_tract_computes() {
    const LIMIT: f32 = 5e-4;
    for kind in ModelKind::ALL {
        let input = input(kind);
        let expected = outputs(graph(kind).into_optimized().unwrap(), &input);
        let actual = outputs(lower(graph(kind)).unwrap(), &input);
        assert_eq!(actual.len(), expected.len());
        for (number, (actual, expected)) in actual.iter().zip(&expected).enumerate() {
            assert_eq!(actual.len(), expected.len());
            let range = expected
                .iter()
                .fold(1.0f32, |range, value| range.max(value.abs()));
            let difference = actual
                .iter()
                .zip(expected)
                .fold(0.0f32, |most, (a, b)| most.max((a - b).abs()));
            assert!(
                difference <= LIMIT * range,
                "{} output {number}: {difference} of {range}",
                kind.name()
            );
        }
    }
}

/// What is left to tract only moves values about, so that the arithmetic is the kernels' alone, everywhere the same.
#[test]
fn no_arithmetic_is_left_to_tract() {
    for kind in ModelKind::ALL {
        let lowered = lower(graph(kind)).unwrap();
        let foreign: BTreeSet<String> = lowered
            .nodes()
            .iter()
            .map(|node| node.op.name().to_string())
            .filter(|name| !name.starts_with("Nhwc.") && !name.starts_with("ByValue."))
            .collect();
        let moves = [
            "Source",
            "Const",
            "MoveAxis",
            "AddAxis",
            "RmAxis",
            "Reshape",
            "Concat",
            "StridedSlice",
        ];
        let others: Vec<&String> = foreign
            .iter()
            .filter(|name| !moves.contains(&name.as_str()))
            .collect();
        assert!(others.is_empty(), "{}: {others:?}", kind.name());
        assert!(is_complete(&lowered), "{} would be optimised", kind.name());
        assert!(!is_complete(&graph(kind)));
    }
}

#[test]
fn activations_and_residuals_are_fused() {
    let lowered = lower(graph(ModelKind::HandLandmarkFull)).unwrap();
    let count = |name: &str| {
        lowered
            .nodes()
            .iter()
            .filter(|node| node.op.name() == name)
            .count()
    };
    // 30 pointwise convolutions and 4 fully connected layers; 9 additions and 38 clamps have joined the operators.
    assert_eq!(count("Nhwc.Pointwise"), 34);
    assert_eq!(count("Nhwc.Depthwise"), 16);
    assert_eq!(count("Nhwc.Convolution"), 1);
    assert_eq!(count("Nhwc.Add"), 0);
}
