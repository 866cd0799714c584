#![expect(clippy::unwrap_used, reason = "a test ends where its own set-up fails")]

use std::io::Cursor;

use prost::Message;
use tract_onnx::pb::type_proto::{self, Value};
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    TensorShapeProto, TypeProto, ValueInfoProto, attribute_proto, tensor_proto, tensor_shape_proto,
};
use tract_onnx::prelude::*;

use crate::inference::ModelKind;
use crate::inference::lowering::lower;

fn outputs(graph: TypedModel, input: &Tensor) -> Vec<Vec<u32>> {
    let plan = lower(graph).unwrap().into_runnable().unwrap();
    let outputs = plan.run(tvec!(input.clone().into())).unwrap();
    let bits = |tensor: &TValue| {
        let plain = tensor.try_as_plain_ram().unwrap();
        let values = plain.as_slice::<f32>().unwrap();
        values.iter().map(|value| value.to_bits()).collect()
    };
    outputs.iter().map(bits).collect()
}

#[test]
fn every_model_computes_what_it_computes_with_tracts_operators() {
    for kind in ModelKind::ALL {
        let shape = kind.input().shape();
        let values: Vec<f32> = (0..shape.iter().product())
            .map(|n: usize| (n * 7919 % 1009) as f32 / 1009.0)
            .collect();
        let input = Tensor::from_shape(&shape, &values).unwrap();
        let bytes = kind.file();
        let graph = onnx().model_for_read(&mut Cursor::new(&bytes)).unwrap();
        let expected = outputs(graph.into_typed().unwrap(), &input);
        let actual = outputs(
            super::typed(super::decode(bytes.into()).unwrap()).unwrap(),
            &input,
        );
        assert!(!expected.is_empty());
        assert!(actual == expected, "{} differs", kind.name());
    }
}

/// A graph of one node between `[1, 4, 2, 2]` and an output.
fn graph_of(node: NodeProto) -> ModelProto {
    let dimension = |size| tensor_shape_proto::Dimension {
        value: Some(tensor_shape_proto::dimension::Value::DimValue(size)),
        ..Default::default()
    };
    let shape = TensorShapeProto {
        dim: [1, 4, 2, 2].map(dimension).to_vec(),
    };
    let tensor = type_proto::Tensor {
        elem_type: tensor_proto::DataType::Float as i32,
        shape: Some(shape),
    };
    let input = ValueInfoProto {
        name: "x".to_owned(),
        r#type: Some(TypeProto {
            value: Some(Value::TensorType(tensor)),
            ..Default::default()
        }),
        ..Default::default()
    };
    let output = ValueInfoProto {
        name: "y".to_owned(),
        ..Default::default()
    };
    ModelProto {
        opset_import: vec![OperatorSetIdProto {
            version: 15,
            ..Default::default()
        }],
        graph: Some(GraphProto {
            node: vec![node],
            input: vec![input],
            output: vec![output],
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn node(operator: &str, attributes: &[(&str, i64)]) -> NodeProto {
    let attribute = |&(name, value): &(&str, i64)| AttributeProto {
        name: name.to_owned(),
        r#type: attribute_proto::AttributeType::Int as i32,
        i: value,
        ..Default::default()
    };
    NodeProto {
        name: "the node".to_owned(),
        op_type: operator.to_owned(),
        input: vec!["x".to_owned()],
        output: vec!["y".to_owned()],
        attribute: attributes.iter().map(attribute).collect(),
        ..Default::default()
    }
}

fn reduce_mean(axes: &[i64], keepdims: i64) -> NodeProto {
    let mut node = node("ReduceMean", &[("keepdims", keepdims)]);
    node.attribute.push(AttributeProto {
        name: "axes".to_owned(),
        r#type: attribute_proto::AttributeType::Ints as i32,
        ints: axes.to_vec(),
        ..Default::default()
    });
    node
}

fn load(node: NodeProto) -> TractResult<TypedModel> {
    super::typed(graph_of(node))
}

#[test]
fn pixels_come_out_of_channel_blocks_in_their_order() {
    let plan = load(node("DepthToSpace", &[("blocksize", 2)]))
        .unwrap()
        .into_runnable()
        .unwrap();
    let values: Vec<f32> = (0..16u8).map(f32::from).collect();
    let input = Tensor::from_shape(&[1, 4, 2, 2], &values).unwrap();
    let outputs = plan.run(tvec!(input.into())).unwrap();
    assert_eq!(outputs[0].shape(), [1, 1, 4, 4]);
    let plain = outputs[0].try_as_plain_ram().unwrap();
    // Channels 0, 1, 2, 3 of each pixel are its upper left, upper right, lower left and lower right.
    let expected = [0, 4, 1, 5, 8, 12, 9, 13, 2, 6, 3, 7, 10, 14, 11, 15u8].map(f32::from);
    assert_eq!(plain.as_slice::<f32>().unwrap(), expected);
}

#[test]
fn other_operators_and_attributes_are_refused_by_name() {
    let refusals = [
        (node("Softmax", &[]), "(Softmax): the operator is not known"),
        (
            node("DepthToSpace", &[("blocksize", 3)]),
            "DepthToSpace of 4 by 3",
        ),
        (
            node("DepthToSpace", &[("blocksize", 2), ("mode", 1)]),
            "attribute mode of DepthToSpace is not known here",
        ),
        (node("Clip", &[]), "1 inputs"),
        (node("MaxPool", &[("ceil_mode", 1)]), "attribute ceil_mode"),
        (node("MaxPool", &[]), "no kernel_shape"),
        (node("ReduceMean", &[("keepdims", 1)]), "axes"),
        (reduce_mean(&[1, 2], 1), "ReduceMean over axes [1, 2]"),
        (reduce_mean(&[4], 1), "axis 4 of 4"),
        (reduce_mean(&[1], 0), "ReduceMean that drops its axis"),
        (
            NodeProto {
                input: vec!["z".to_owned()],
                ..node("Relu", &[])
            },
            "no node before it has the output \"z\"",
        ),
        (
            NodeProto {
                output: vec![],
                ..node("Relu", &[])
            },
            "0 outputs",
        ),
    ];
    for (node, reason) in refusals {
        let operator = node.op_type.clone();
        let message = format!("{:#}", load(node).unwrap_err());
        assert!(message.contains(reason), "{operator}: {message}");
    }
}

/// Of whole numbers, tract's operators panic where these overflow or are divided by 0.
#[test]
fn arithmetic_on_whole_numbers_is_refused() {
    let numbers = constant("n", &[i64::MIN, 0], false);
    for operator in ["Sub", "Mul", "Div", "Sqrt", "ReduceMean"] {
        let mut node = match operator {
            "ReduceMean" => reduce_mean(&[0], 1),
            operator => node(operator, &[]),
        };
        let inputs = if matches!(operator, "Sqrt" | "ReduceMean") {
            1
        } else {
            2
        };
        node.input = vec!["n".to_owned(); inputs];
        let mut model = graph_of(node);
        model.graph.as_mut().unwrap().initializer = vec![numbers.clone()];
        let message = format!("{:#}", super::typed(model).unwrap_err());
        assert!(
            message.contains("an input of 2,I64"),
            "{operator}: {message}"
        );
    }
}

/// What the reader refuses, tract reads where its feature is on.
#[cfg(feature = "any-operator")]
#[test]
fn tract_reads_the_operators_that_are_not_known_here() {
    let model = graph_of(node("Softmax", &[])).encode_to_vec();
    let graph = crate::inference::model::read(model.as_slice().into()).unwrap();
    let names = graph.nodes().iter().map(|node| node.op.name());
    assert!(names.into_iter().any(|name| name == "Softmax"));
    assert!(crate::inference::model::read(b"no model"[..].into()).is_err());
}

/// A constant of whole numbers.
fn constant(name: &str, values: &[i64], is_scalar: bool) -> TensorProto {
    TensorProto {
        name: name.to_owned(),
        dims: if is_scalar {
            vec![]
        } else {
            vec![values.len() as i64]
        },
        data_type: tensor_proto::DataType::Int64 as i32,
        int64_data: values.to_vec(),
        ..Default::default()
    }
}

/// No machine has the memory for what they ask.
#[cfg(feature = "any-operator")]
#[test]
fn constants_that_grow_without_measure_are_refused_before_they_are_computed() {
    const MANY: i64 = 10_000_000_000_000;
    let one = || constant("one", &[1], true);
    let cases = [
        ("ConstantOfShape", vec![constant("s", &[MANY], false)]),
        (
            "Range",
            vec![
                constant("z", &[0], true),
                constant("n", &[MANY], true),
                one(),
            ],
        ),
        (
            "Expand",
            vec![one(), constant("s", &[1 << 20, 1 << 20], false)],
        ),
        (
            "Tile",
            vec![constant("v", &[1, 2], false), constant("t", &[MANY], false)],
        ),
    ];
    let floats = |name: &str, dims: &[i64], values: &[f32]| TensorProto {
        name: name.to_owned(),
        dims: dims.to_vec(),
        data_type: tensor_proto::DataType::Float as i32,
        float_data: values.to_vec(),
        ..Default::default()
    };
    let pixel = || floats("p", &[1, 1, 1, 1], &[1.0]);
    // These the package's own reader knows.
    let grown = [
        (
            "Pad",
            vec![
                pixel(),
                constant("s", &[0, 0, 0, 0, 0, 0, 2_000_000, 2_000_000], false),
            ],
        ),
        (
            "Resize",
            vec![
                pixel(),
                floats("roi", &[0], &[]),
                floats("s", &[4], &[1.0, 1.0, 2e6, 2e6]),
            ],
        ),
    ];
    for (operator, constants) in cases.into_iter().chain(grown) {
        let mut node = node(operator, &[]);
        node.input = constants.iter().map(|it| it.name.clone()).collect();
        let mut model = graph_of(node);
        model.graph.as_mut().unwrap().initializer = constants;
        let read = crate::inference::model::read(model.encode_to_vec().into());
        let error = format!("{:#}", read.unwrap_err());
        assert!(
            error.contains("computed from constants"),
            "{operator}: {error}"
        );
    }
}

#[test]
fn a_chain_of_very_many_nodes_is_refused_before_tract_sees_it() {
    let node = |number: usize| NodeProto {
        op_type: "Relu".to_owned(),
        input: vec![format!("x{number}")],
        output: vec![format!("x{}", number + 1)],
        ..Default::default()
    };
    let mut model = graph_of(node(0));
    model.graph.as_mut().unwrap().node = (0..100_000).map(node).collect();
    let error = crate::inference::model::read(model.encode_to_vec().into()).unwrap_err();
    assert!(error.to_string().contains("100000 nodes"), "{error:#}");
    // Those inside of others count as well.
    let inner = model.graph.take();
    let mut outer = graph_of(node(0));
    outer.graph.as_mut().unwrap().node[0].attribute = vec![AttributeProto {
        g: inner,
        ..Default::default()
    }];
    assert!(super::decode(outer.encode_to_vec().into()).is_err());
}

#[test]
fn a_long_chain_of_nodes_is_lowered_on_a_small_stack() {
    let node = |number: usize| NodeProto {
        op_type: "Sqrt".to_owned(),
        input: vec![if number == 0 {
            "x".to_owned()
        } else {
            format!("x{number}")
        }],
        output: vec![if number == 999 {
            "y".to_owned()
        } else {
            format!("x{}", number + 1)
        }],
        ..Default::default()
    };
    let mut model = graph_of(node(0));
    model.graph.as_mut().unwrap().node = (0..1000).map(node).collect();
    let lowered = move || lower(super::typed(model).unwrap()).unwrap().nodes().len();
    let thread = std::thread::Builder::new().stack_size(128 << 10);
    assert_eq!(thread.spawn(lowered).unwrap().join().unwrap(), 1001);
}
