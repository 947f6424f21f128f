//! Convolutions of one to three axes with the channels last, and their gradients.

use layerwise_kernels::{
    Axis, DepthwiseKernelGradient, Dtype, Geometry, MatmulShape, Precision, convolution_kernel_gradient,
};

use super::{Lowered, Signature, Site};
use crate::attributes::Attributes;
use crate::product::{Factors, Product};
use crate::tensor::TensorType;

pub fn infer(signature: &Signature) -> Result<TensorType, String> {
    let [input, kernel] = operands(signature)?;
    let spatial = spatial_rank(input)?;
    require_rank(kernel, spatial)?;
    let geometry = geometry(signature.attributes, input, kernel)?;
    TensorType::new(Dtype::Float32, shape(&geometry, spatial, |axis| axis.output, geometry.filters))
}

/// The most sets of inputs that windows see alike, each of which is a product of its own.
const MOST_REMAINDERS: usize = 4096;

pub fn infer_input_gradient(signature: &Signature) -> Result<TensorType, String> {
    let [gradient, kernel] = operands(signature)?;
    let spatial = spatial_rank(gradient)?;
    require_rank(kernel, spatial)?;
    let input = input_of(signature.attributes, gradient, kernel)?;
    let geometry = geometry(signature.attributes, &input, kernel)?;
    require_outputs(&geometry, spatial, gradient)?;
    let remainders = geometry.axes.map(|axis| axis.stride.min(axis.input.max(1)));
    if remainders.into_iter().try_fold(1usize, usize::checked_mul).is_none_or(|count| count > MOST_REMAINDERS)
    {
        return Err(format!("strides must have a product of at most {MOST_REMAINDERS}"));
    }
    Ok(input)
}

pub fn infer_kernel_gradient(signature: &Signature) -> Result<TensorType, String> {
    let [input, gradient] = operands(signature)?;
    let spatial = spatial_rank(input)?;
    require_rank(gradient, spatial)?;
    let kernel = kernel_of(signature.attributes, input, gradient)?;
    require_outputs(&geometry(signature.attributes, input, &kernel)?, spatial, gradient)?;
    Ok(kernel)
}

pub fn lower(site: &Site) -> Lowered {
    let geometry = checked(site, site.inputs[0], site.inputs[1]);
    Lowered::Product(Product::new(match pixels(&geometry) {
        Some(m) => matmul(site.precision, m, geometry.filters, geometry.channels, false, false),
        None => Factors::Convolution(geometry, site.precision),
    }))
}

pub fn lower_input_gradient(site: &Site) -> Lowered {
    let geometry = checked(site, site.output, site.inputs[1]);
    Lowered::Product(Product::new(match pixels(&geometry) {
        Some(m) => matmul(site.precision, m, geometry.channels, geometry.filters, false, true),
        None => Factors::InputGradient(geometry, site.precision),
    }))
}

pub fn lower_kernel_gradient(site: &Site) -> Lowered {
    let geometry = checked(site, site.inputs[0], site.output);
    match pixels(&geometry) {
        Some(k) => {
            let factors = matmul(site.precision, geometry.channels, geometry.filters, k, true, false);
            Lowered::Product(Product::new(factors))
        }
        None if geometry.is_depthwise() => Lowered::kernel(DepthwiseKernelGradient::new(site.isa, geometry)),
        None => Lowered::Kernel(convolution_kernel_gradient(site.isa, site.precision, geometry)),
    }
}

fn checked(site: &Site, input: &TensorType, kernel: &TensorType) -> Geometry {
    geometry(site.attributes, input, kernel).expect("the shape rule accepts this geometry")
}

/// The pixels of a convolution that is the product of each by one matrix.
fn pixels(geometry: &Geometry) -> Option<usize> {
    let Geometry { batch, axes, groups, .. } = *geometry;
    let is_plain =
        |axis: &Axis| axis.window == 1 && axis.stride == 1 && axis.low == 0 && axis.input == axis.output;
    let pixels = axes.iter().map(|axis| axis.output).product::<usize>();
    (groups == 1 && axes.iter().all(is_plain)).then_some(batch * pixels)
}

fn matmul(
    precision: Precision,
    m: usize,
    n: usize,
    k: usize,
    transpose_a: bool,
    transpose_b: bool,
) -> Factors {
    Factors::Matmul(MatmulShape { batch: 1, m, n, k, transpose_a, transpose_b }, precision)
}

fn operands<'a>(signature: &Signature<'a>) -> Result<[&'a TensorType; 2], String> {
    for input in 0..2 {
        signature.require_dtype(input, &[Dtype::Float32])?;
    }
    Ok([signature.inputs[0], signature.inputs[1]])
}

/// The most places of a window.
const MOST_PLACES: usize = 1 << 20;

/// Requires a window that can be listed place by place.
pub(super) fn require_listable(window: &[usize]) -> Result<(), String> {
    let places = window.iter().try_fold(1usize, |places, &extent| places.checked_mul(extent));
    match places.is_some_and(|places| places <= MOST_PLACES) {
        true => Ok(()),
        false => Err(format!("a window has at most {MOST_PLACES} places, got {window:?}")),
    }
}

/// The number of spatial axes of [batch, …, channels].
pub(super) fn spatial_rank(tensor: &TensorType) -> Result<usize, String> {
    match tensor.rank() {
        rank @ 3..=5 => Ok(rank - 2),
        _ => Err(format!("input 0 must have 3 to 5 dimensions, got shape {:?}", tensor.shape())),
    }
}

fn require_rank(tensor: &TensorType, spatial: usize) -> Result<(), String> {
    match tensor.rank() == spatial + 2 {
        true => Ok(()),
        false => Err(format!("both inputs must have one rank, got shape {:?} for input 1", tensor.shape())),
    }
}

/// The entries of a list, one for each spatial axis.
pub(super) fn list<'a>(
    attributes: &'a Attributes,
    name: &str,
    spatial: usize,
) -> Result<&'a [usize], String> {
    let list = attributes.integers(name);
    match list.len() == spatial {
        true => Ok(list),
        false => Err(format!("attribute {name:?} must have {spatial} entries, got {list:?}")),
    }
}

/// The input of a convolution whose outputs have a gradient.
fn input_of(
    attributes: &Attributes,
    gradient: &TensorType,
    kernel: &TensorType,
) -> Result<TensorType, String> {
    let spatial = gradient.rank() - 2;
    let channels = kernel.shape()[spatial].checked_mul(attributes.integer("groups") as usize);
    let channels = channels.ok_or("the channels overflow")?;
    let extents = list(attributes, "input", spatial)?;
    TensorType::new(Dtype::Float32, [&[gradient.shape()[0]], extents, &[channels]].concat())
}

fn kernel_of(
    attributes: &Attributes,
    input: &TensorType,
    gradient: &TensorType,
) -> Result<TensorType, String> {
    let spatial = input.rank() - 2;
    let (channels, groups) = (input.shape()[spatial + 1], attributes.integer("groups") as usize);
    if groups == 0 || channels % groups != 0 {
        return Err(format!("{groups} groups do not divide {channels} channels"));
    }
    let window = list(attributes, "window", spatial)?;
    let filters = gradient.shape()[spatial + 1];
    TensorType::new(Dtype::Float32, [window, &[channels / groups, filters]].concat())
}

fn require_outputs(geometry: &Geometry, spatial: usize, gradient: &TensorType) -> Result<(), String> {
    let outputs = shape(geometry, spatial, |axis| axis.output, geometry.filters);
    match gradient.shape() == outputs {
        true => Ok(()),
        false => {
            Err(format!("the outputs' gradient must have shape {outputs:?}, got {:?}", gradient.shape()))
        }
    }
}

pub(super) fn shape(
    geometry: &Geometry,
    spatial: usize,
    extent: fn(&Axis) -> usize,
    channels: usize,
) -> Vec<usize> {
    let extents = geometry.axes[3 - spatial..].iter().map(extent);
    [geometry.batch].into_iter().chain(extents).chain([channels]).collect()
}

/// The geometry of a convolution of an input by a kernel, whose ranks are equal.
fn geometry(attributes: &Attributes, input: &TensorType, kernel: &TensorType) -> Result<Geometry, String> {
    let spatial = input.rank() - 2;
    let (channels, filters) = (input.shape()[spatial + 1], kernel.shape()[spatial + 1]);
    let groups = attributes.integer("groups") as usize;
    if groups == 0 || channels % groups != 0 || filters % groups != 0 {
        return Err(format!("{groups} groups do not divide {channels} channels and {filters} filters"));
    }
    if kernel.shape()[spatial] != channels / groups {
        let expected = channels / groups;
        return Err(format!(
            "the kernel must have {expected} channels a group, got {}",
            kernel.shape()[spatial]
        ));
    }
    let named = |name| list(attributes, name, spatial);
    let (strides, dilations) = (named("strides")?, named("dilations")?);
    let (low, high) = (named("low")?, named("high")?);
    require_listable(&kernel.shape()[..spatial])?;
    let mut axes = [Axis::NONE; 3];
    let mut padded = vec![input.shape()[0]];
    for (i, axis) in axes[3 - spatial..].iter_mut().enumerate() {
        let (extent, window) = (input.shape()[i + 1], kernel.shape()[i]);
        if window == 0 || strides[i] == 0 || dilations[i] == 0 {
            return Err("windows, strides and dilations must be positive".into());
        }
        let reach = (window - 1).checked_mul(dilations[i]).ok_or("the window overflows")? + 1;
        if low[i] >= reach || high[i] >= reach {
            return Err(format!(
                "padding [{}, {}] must be smaller than the window, {reach}",
                low[i], high[i]
            ));
        }
        let whole = extent + low[i] + high[i];
        padded.push(whole);
        let output = whole.checked_sub(reach).map_or(0, |rest| rest / strides[i] + 1);
        *axis =
            Axis { input: extent, output, window, stride: strides[i], dilation: dilations[i], low: low[i] };
        // What windows reach, so that all places can be counted.
        padded[i + 1] = padded[i + 1].max(reach);
    }
    // The sources with all their zeros must be a tensor too.
    padded.push(channels.max(filters));
    TensorType::new(Dtype::Float32, padded)?;
    Ok(Geometry { batch: input.shape()[0], axes, channels, filters, groups })
}
