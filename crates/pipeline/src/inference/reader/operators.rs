//! The operators one by one: attributes checked, then wired as tract wires them.
//!
//! An attribute or input that is not looked at is refused: it could change the result.

use std::ops::RangeInclusive;

use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::ops::array::{Pad, PadMode, Slice, TypedConcat};
use tract_onnx::tract_core::ops::binary::TypedBinOp;
use tract_onnx::tract_core::ops::cast::{cast, wire_cast};
use tract_onnx::tract_core::ops::cnn::{MaxPool, PaddingSpec, PoolSpec};
use tract_onnx::tract_core::ops::einsum::EinSum;
use tract_onnx::tract_core::ops::logic::{Iff, comp_gt};
use tract_onnx::tract_core::ops::math;
use tract_onnx::tract_core::ops::nn::DataFormat;
use tract_onnx::tract_core::ops::nn::resize::{CoordTransformer, Interpolator};
use tract_onnx::tract_core::ops::nn::sigmoid;
use tract_onnx::tract_hir::internal::*;
use tract_onnx::tract_hir::ops as hir;
use tract_onnx_opl::resize::{AspectRatio, CoordTransform, Nearest, Resize};

/// What wires a node, under a name of its own.
type Wire = fn(&NodeProto, &str, &mut TypedModel, &[OutletId]) -> Wires;
type Wires = TractResult<TVec<OutletId>>;

/// An operator, and what it takes.
pub(super) struct Operator {
    inputs: RangeInclusive<usize>,
    /// Axes of the first input, where only one number is right.
    rank: Option<usize>,
    wire: Wire,
}

/// Operators whose attributes may ask for far more than they read.
const GROWING: [&str; 4] = ["Conv", "MaxPool", "Pad", "Resize"];

impl Operator {
    /// The operator of a name in ONNX.
    pub(super) fn find(name: &str) -> Option<Self> {
        let (inputs, rank, wire): (_, _, Wire) = match name {
            "Add" => (2..=2, None, |_, name, graph, inputs| {
                add(name, graph, inputs)
            }),
            "Cast" => (1..=1, None, cast_to),
            "Clip" => (3..=3, None, clip),
            "Concat" => (1..=usize::MAX, None, concat),
            "Conv" => (2..=3, Some(4), conv),
            "Div" => (2..=2, None, |_, name, graph, inputs| {
                float_operator(name, graph, math::div(), inputs)
            }),
            "DepthToSpace" => (1..=1, Some(4), depth_to_space),
            "Gemm" => (2..=3, Some(2), gemm),
            "GlobalAveragePool" => (1..=1, Some(4), |_, name, graph, inputs| {
                hir::nn::GlobalAvgPool.wire(name, graph, inputs)
            }),
            "MaxPool" => (1..=1, Some(4), max_pool),
            "Mul" => (2..=2, None, |_, name, graph, inputs| {
                float_operator(name, graph, math::mul(), inputs)
            }),
            "PRelu" => (2..=2, None, parametric_relu),
            "Pad" => (2..=2, None, pad),
            "ReduceMean" => (1..=1, None, reduce_mean),
            "Relu" => (1..=1, None, relu),
            "Reshape" => (2..=2, None, reshape),
            "Resize" => (3..=3, Some(4), resize),
            "Sigmoid" => (1..=1, None, |_, name, graph, inputs| {
                graph.wire_node(name, sigmoid(), inputs)
            }),
            "Slice" => (4..=4, None, slice),
            "Sqrt" => (1..=1, None, |_, name, graph, inputs| {
                ensure_floats(graph, inputs)?;
                graph.wire_node(name, math::sqrt(), inputs)
            }),
            "Squeeze" => (2..=2, None, squeeze),
            "Sub" => (2..=2, None, |_, name, graph, inputs| {
                float_operator(name, graph, math::sub(), inputs)
            }),
            "Transpose" => (1..=1, None, transpose),
            _ => return None,
        };
        Some(Self { inputs, rank, wire })
    }

    /// Adds the node to the graph.
    pub(super) fn wire(
        &self,
        node: &NodeProto,
        name: &str,
        graph: &mut TypedModel,
        inputs: &[OutletId],
    ) -> TractResult<OutletId> {
        let count = inputs.len();
        ensure!(self.inputs.contains(&count), "{count} inputs");
        let first = graph.outlet_fact(inputs[0])?;
        // tract would compute it at once, however large.
        ensure!(
            !GROWING.contains(&&*node.op_type) || first.konst.is_none(),
            "it grows a constant"
        );
        let rank = first.rank();
        ensure!(
            self.rank.is_none_or(|of| of == rank),
            "an input of {rank} axes"
        );
        Ok((self.wire)(node, name, graph, inputs)?[0])
    }
}

/// The whole numbers of a constant input.
fn integers(graph: &TypedModel, input: OutletId) -> TractResult<TVec<i64>> {
    let fact = graph.outlet_fact(input)?;
    let values = fact.konst.as_ref().context("not a constant")?;
    let values = values.cast_to::<i64>()?;
    Ok(values.try_as_plain_ram()?.as_slice::<i64>()?.into())
}

/// An axis that may count from the end, of `rank`.
fn axis_of(axis: i64, rank: usize) -> TractResult<usize> {
    let from_start = if axis < 0 { axis + rank as i64 } else { axis };
    let axis = usize::try_from(from_start).ok().filter(|axis| *axis < rank);
    axis.with_context(|| format!("axis {from_start} of {rank}"))
}

/// Refuses attributes that are not looked at.
fn ensure_only(node: &NodeProto, attributes: &[&str]) -> TractResult<()> {
    for attribute in &node.attribute {
        let name = attribute.name.as_str();
        ensure!(
            attributes.contains(&name),
            "attribute {name} of {} is not known here",
            node.op_type
        );
    }
    Ok(())
}

fn add(name: &str, graph: &mut TypedModel, inputs: &[OutletId]) -> Wires {
    wire_with_rank_broadcast(name, graph, math::add(), inputs)
}

/// An operator between floats: of whole numbers, tract's would panic where they overflow or are divided by 0.
fn float_operator(
    name: &str,
    graph: &mut TypedModel,
    operator: TypedBinOp,
    inputs: &[OutletId],
) -> Wires {
    ensure_floats(graph, inputs)?;
    wire_with_rank_broadcast(name, graph, operator, inputs)
}

fn ensure_floats(graph: &TypedModel, inputs: &[OutletId]) -> TractResult<()> {
    for input in inputs {
        let of = graph.outlet_fact(*input)?.datum_type;
        ensure!(of == f32::datum_type(), "an input of {of:?}");
    }
    Ok(())
}

fn cast_to(node: &NodeProto, name: &str, graph: &mut TypedModel, inputs: &[OutletId]) -> Wires {
    let to = node.get_attr::<DatumType>("to")?;
    graph.wire_node(name, cast(to), inputs)
}

fn clip(_: &NodeProto, name: &str, graph: &mut TypedModel, inputs: &[OutletId]) -> Wires {
    let low = bound(
        &format!("{name}.min"),
        graph,
        math::max(),
        inputs[0],
        inputs[1],
    )?;
    bound(
        &format!("{name}.max"),
        graph,
        math::min(),
        low[0],
        inputs[2],
    )
}

/// An operator between a tensor and a number. A constant gets the axes here: tract's way costs it a node for each axis.
fn bound(
    name: &str,
    graph: &mut TypedModel,
    operator: TypedBinOp,
    input: OutletId,
    number: OutletId,
) -> Wires {
    let constant = graph.outlet_fact(number)?.konst.clone();
    let Some(constant) = constant.filter(|constant| constant.rank() == 0) else {
        return wire_with_rank_broadcast(name, graph, operator, &[input, number]);
    };
    let rank = graph.outlet_fact(input)?.rank();
    let constant = constant.into_tensor().broadcast_into_rank(rank)?;
    let constant = graph.add_const(format!("{name}.bound"), constant)?;
    graph.wire_node(name, operator, &[input, constant])
}

fn relu(_: &NodeProto, name: &str, graph: &mut TypedModel, inputs: &[OutletId]) -> Wires {
    let zero = graph.add_const(format!("{name}.low.cst"), tensor0(0.0f32))?;
    bound(&format!("{name}.low"), graph, math::max(), inputs[0], zero)
}

/// `x > 0 ? x : slope · x`.
fn parametric_relu(
    _: &NodeProto,
    name: &str,
    graph: &mut TypedModel,
    inputs: &[OutletId],
) -> Wires {
    let inputs = wire_rank_broadcast(name, graph, inputs)?;
    let rank = graph.outlet_fact(inputs[0])?.rank();
    let zero = tensor0(0.0f32).broadcast_into_rank(rank)?;
    let zero = graph.add_const(format!("{name}.zero"), zero)?;
    let scaled = graph.wire_node(format!("{name}.mul"), math::mul(), &inputs)?[0];
    let greater = TypedBinOp(comp_gt(), None);
    let is_negative = graph.wire_node(format!("{name}.test"), greater, &[zero, inputs[0]])?[0];
    let choice = [is_negative, scaled, inputs[0]];
    graph.wire_node(format!("{name}.iff"), Iff, &choice)
}

fn concat(node: &NodeProto, name: &str, graph: &mut TypedModel, inputs: &[OutletId]) -> Wires {
    let axis: i64 = node.get_attr("axis")?;
    let fact = graph.outlet_fact(inputs[0])?;
    let (datum_type, axis) = (fact.datum_type, axis_of(axis, fact.rank())?);
    let inputs = wire_cast(name, graph, inputs, datum_type)?;
    graph.wire_node(name, TypedConcat::new(axis), &inputs)
}

fn conv(node: &NodeProto, name: &str, graph: &mut TypedModel, inputs: &[OutletId]) -> Wires {
    ensure_only(
        node,
        &["strides", "dilations", "kernel_shape", "group", "pads"],
    )?;
    let (before, after) = pads(node)?;
    let conv = hir::cnn::Conv {
        padding: PaddingSpec::Explicit(before, after),
        kernel_shape: Some(sizes(node, "kernel_shape")?),
        strides: Some(sizes(node, "strides")?),
        dilations: Some(sizes(node, "dilations")?),
        group: Some(node.get_attr_opt("group")?.unwrap_or(1)).filter(|group| *group > 0),
        bias_input: (inputs.len() == 3).then_some(2),
        ..Default::default()
    };
    conv.wire(name, graph, inputs)
}

fn max_pool(node: &NodeProto, name: &str, graph: &mut TypedModel, inputs: &[OutletId]) -> Wires {
    ensure_only(node, &["strides", "kernel_shape", "pads"])?;
    let (before, after) = pads(node)?;
    let channels = graph.outlet_fact(inputs[0])?.shape[1].to_usize()?;
    let pool_spec = PoolSpec::new(
        DataFormat::NCHW,
        sizes(node, "kernel_shape")?,
        PaddingSpec::ExplicitOnnxPool(before, after, false),
        None,
        Some(sizes(node, "strides")?),
        channels,
        channels,
    );
    let pool = MaxPool {
        pool_spec,
        with_index_outputs: None,
    };
    graph.wire_node(name, pool, inputs)
}

/// Rows and columns of a window, 1 and 1 where the attribute may be left out.
fn sizes(node: &NodeProto, attribute: &str) -> TractResult<TVec<usize>> {
    let sizes: Option<TVec<usize>> = node.get_attr_opt_tvec(attribute)?;
    let is_needed = attribute == "kernel_shape";
    ensure!(sizes.is_some() || !is_needed, "no {attribute}");
    let sizes = sizes.unwrap_or_else(|| tvec!(1, 1));
    let is_plane = sizes.len() == 2 && !sizes.contains(&0);
    ensure!(is_plane, "{attribute} {sizes:?}");
    Ok(sizes)
}

/// Padding before and after the rows and columns.
fn pads(node: &NodeProto) -> TractResult<(TVec<usize>, TVec<usize>)> {
    let pads: TVec<usize> = node
        .get_attr_opt_tvec("pads")?
        .unwrap_or_else(|| tvec![0; 4]);
    ensure!(pads.len() == 4, "pads {pads:?}");
    Ok((pads[..2].into(), pads[2..].into()))
}

/// Channel blocks to pixels: `[n, b·b·c, h, w]` to `[n, c, b·h, b·w]`, the block's row and column before the channel.
fn depth_to_space(
    node: &NodeProto,
    name: &str,
    graph: &mut TypedModel,
    inputs: &[OutletId],
) -> Wires {
    ensure_only(node, &["blocksize"])?;
    let block: usize = node.get_attr("blocksize")?;
    let shape = graph.outlet_fact(inputs[0])?.shape.to_tvec();
    let depth = shape[1].to_usize()?;
    let is_whole = block > 0 && depth % (block * block) == 0;
    ensure!(is_whole, "DepthToSpace of {depth} by {block}");
    let (b, depth) = (block.to_dim(), (depth / (block * block)).to_dim());
    let (height, width) = (shape[2].clone(), shape[3].clone());
    let steps = [
        AxisOp::Reshape(
            1,
            tvec!(shape[1].clone()),
            tvec!(b.clone(), b.clone(), depth),
        ),
        AxisOp::Move(2, 5),
        AxisOp::Move(1, 3),
        AxisOp::Reshape(
            2,
            tvec!(height.clone(), b.clone(), width.clone(), b.clone()),
            tvec!(height * block, width * block),
        ),
    ];
    wire_all(name, graph, inputs[0], steps)
}

fn gemm(node: &NodeProto, name: &str, graph: &mut TypedModel, inputs: &[OutletId]) -> Wires {
    ensure_only(node, &["alpha", "beta", "transA", "transB"])?;
    let is_one = |attribute| -> TractResult<bool> {
        Ok(node.get_attr_opt::<f32>(attribute)?.unwrap_or(1.0) == 1.0)
    };
    ensure!(is_one("alpha")? && is_one("beta")?, "Gemm that scales");
    let transposes =
        |attribute| -> TractResult<bool> { Ok(node.get_attr_opt(attribute)?.unwrap_or(false)) };
    let (a, b) = (transposes("transA")?, transposes("transB")?);
    let axes = AxesMapping::for_numpy_matmul(2, a, b, false)?;
    let product = EinSum::new(axes, graph.outlet_fact(inputs[0])?.datum_type);
    let product = graph.wire_node(format!("{name}.ab"), product, &inputs[..2])?;
    match inputs.get(2) {
        Some(bias) => add(name, graph, &[product[0], *bias]),
        None => Ok(product),
    }
}

fn pad(node: &NodeProto, name: &str, graph: &mut TypedModel, inputs: &[OutletId]) -> Wires {
    ensure_only(node, &["mode"])?;
    let mode: Option<&str> = node.get_attr_opt("mode")?;
    ensure!(
        mode.is_none_or(|mode| mode == "constant"),
        "Pad by {mode:?}"
    );
    let pads = integers(graph, inputs[1])?;
    let rank = graph.outlet_fact(inputs[0])?.rank();
    ensure!(pads.len() == 2 * rank, "Pad has {} pads", pads.len());
    let amount = |axis: usize| usize::try_from(pads[axis]).context("Pad that cuts");
    let pads = (0..rank)
        .map(|axis| Ok((amount(axis)?, amount(axis + rank)?)))
        .collect::<TractResult<Vec<_>>>()?;
    let mode = PadMode::Constant(Arc::new(tensor0(0.0f32)));
    graph.wire_node(name, Pad { pads, mode }, &inputs[..1])
}

/// The mean along one axis, which stays.
fn reduce_mean(node: &NodeProto, name: &str, graph: &mut TypedModel, inputs: &[OutletId]) -> Wires {
    ensure_only(node, &["axes", "keepdims"])?;
    ensure_floats(graph, inputs)?;
    let axes: TVec<i64> = node.get_attr_tvec("axes")?;
    let keeps_axes: bool = node.get_attr_opt("keepdims")?.unwrap_or(true);
    let [axis] = axes[..] else {
        bail!("ReduceMean over axes {axes:?}");
    };
    ensure!(keeps_axes, "ReduceMean that drops its axis");
    let rank = graph.outlet_fact(inputs[0])?.rank();
    let axes = tvec!(axis_of(axis, rank)?);
    let mean = hir::nn::Reducer::Mean.wire(axes, name, graph, inputs[0])?;
    Ok(tvec!(mean))
}

fn reshape(node: &NodeProto, name: &str, graph: &mut TypedModel, inputs: &[OutletId]) -> Wires {
    let reshape = hir::array::Reshape::new(node.get_attr_opt("allowzero")?.unwrap_or(false));
    reshape.wire(name, graph, inputs)
}

fn resize(node: &NodeProto, name: &str, graph: &mut TypedModel, inputs: &[OutletId]) -> Wires {
    ensure_only(
        node,
        &[
            "coordinate_transformation_mode",
            "cubic_coeff_a",
            "exclude_outside",
            "mode",
            "nearest_mode",
        ],
    )?;
    let text = |attribute, default| -> TractResult<&str> {
        Ok(node.get_attr_opt(attribute)?.unwrap_or(default))
    };
    let coordinates = text("coordinate_transformation_mode", "half_pixel")?;
    let mode = text("mode", "nearest")?;
    let is_plain = coordinates == "half_pixel"
        && mode == "linear"
        && !node.get_attr_opt("exclude_outside")?.unwrap_or(false);
    ensure!(is_plain, "Resize {mode} by {coordinates}");
    let resize = Resize {
        axes: None,
        antialias: false,
        keep_aspect_ratio_policy: AspectRatio::Stretch,
        coord_transformer: CoordTransform::Plain(CoordTransformer::HalfPixel),
        interpolator: Interpolator::Linear,
        nearest: Nearest::parse(text("nearest_mode", "round_prefer_floor")?)?,
        cubic_coeff_a_bits: (-0.75f32).to_bits(),
        exclude_outside: false,
        extrapolation_value_bits: 0,
        optional_roi_input: Some(1),
        optional_scales_input: Some(2),
        optional_sizes_input: None,
    };
    graph.wire_node(name, resize, inputs)
}

fn slice(_: &NodeProto, name: &str, graph: &mut TypedModel, inputs: &[OutletId]) -> Wires {
    let shape = graph.outlet_fact(inputs[0])?.shape.to_tvec();
    let starts = integers(graph, inputs[1])?;
    let ends = integers(graph, inputs[2])?;
    let axes = integers(graph, inputs[3])?;
    ensure!(
        starts.len() == axes.len() && ends.len() == axes.len(),
        "Slice of {} axes",
        axes.len()
    );
    let mut steps = Vec::new();
    for ((axis, start), end) in axes.iter().zip(&starts).zip(&ends) {
        let axis = axis_of(*axis, shape.len())?;
        let length = shape[axis].to_i64()?;
        let at = |index: i64| (if index < 0 { index + length } else { index }).clamp(0, length);
        let (start, end) = (at(*start), at(*end));
        if (start, end) != (0, length) {
            steps.push(Slice::new(axis, start.to_dim(), end.max(start).to_dim()));
        }
    }
    wire_all(name, graph, inputs[0], steps)
}

fn squeeze(_: &NodeProto, name: &str, graph: &mut TypedModel, inputs: &[OutletId]) -> Wires {
    let rank = graph.outlet_fact(inputs[0])?.rank();
    let mut axes = integers(graph, inputs[1])?
        .into_iter()
        .map(|axis| axis_of(axis, rank))
        .collect::<TractResult<Vec<_>>>()?;
    axes.sort_unstable();
    wire_all(
        name,
        graph,
        inputs[0],
        axes.into_iter().rev().map(AxisOp::Rm),
    )
}

fn transpose(node: &NodeProto, name: &str, graph: &mut TypedModel, inputs: &[OutletId]) -> Wires {
    let permutation: Option<TVec<usize>> = node.get_attr_opt_tvec("perm")?;
    if let Some(permutation) = &permutation {
        let mut axes = permutation.clone();
        axes.sort_unstable();
        let rank = graph.outlet_fact(inputs[0])?.rank();
        // tract would look for the end of a cycle that has none.
        ensure!(
            axes.into_iter().eq(0..rank),
            "Transpose by {permutation:?} of {rank} axes"
        );
    }
    hir::array::PermuteAxes::new(permutation).wire(name, graph, inputs)
}

/// One operator after the other.
fn wire_all<O: Into<Box<dyn TypedOp>>>(
    name: &str,
    graph: &mut TypedModel,
    input: OutletId,
    steps: impl IntoIterator<Item = O>,
) -> Wires {
    let mut wire = tvec!(input);
    for (number, step) in steps.into_iter().enumerate() {
        wire = graph.wire_node(format!("{name}.{number}"), step, &wire)?;
    }
    Ok(wire)
}
