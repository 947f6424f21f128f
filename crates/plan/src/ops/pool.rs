//! Max pooling with the channels last, its gradient, and what both need to be differentiated again.

use layerwise_kernels::{Axis, Dtype, Geometry, MaxPool, MaxPooling};

use super::convolution::{list, require_listable, shape, spatial_rank};
use super::{Lowered, Signature, Site};
use crate::attributes::Attributes;
use crate::tensor::TensorType;

pub fn infer(signature: &Signature) -> Result<TensorType, String> {
    signature.require_dtype(0, &[Dtype::Float32])?;
    output(signature)
}

pub fn infer_select(signature: &Signature) -> Result<TensorType, String> {
    signature.require_dtype(0, &[Dtype::Float32])?;
    signature.require_type(1, Dtype::Float32, signature.inputs[0].shape())?;
    output(signature)
}

pub fn infer_gradient(signature: &Signature) -> Result<TensorType, String> {
    signature.require_dtype(0, &[Dtype::Float32])?;
    signature.require_type(1, Dtype::Float32, output(signature)?.shape())?;
    Ok(signature.inputs[0].clone())
}

pub fn lower(site: &Site) -> Lowered {
    kernel(site, MaxPooling::Value)
}

pub fn lower_select(site: &Site) -> Lowered {
    kernel(site, MaxPooling::Select)
}

pub fn lower_gradient(site: &Site) -> Lowered {
    kernel(site, MaxPooling::Gradient)
}

fn kernel(site: &Site, pooling: MaxPooling) -> Lowered {
    let geometry = geometry(site.attributes, site.inputs[0]).expect("the shape rule accepts this geometry");
    Lowered::MaxPool(MaxPool::new(site.isa, geometry, pooling))
}

fn output(signature: &Signature) -> Result<TensorType, String> {
    let input = signature.inputs[0];
    let spatial = spatial_rank(input)?;
    let geometry = geometry(signature.attributes, input)?;
    TensorType::new(Dtype::Float32, shape(&geometry, spatial, |axis| axis.output, geometry.filters))
}

/// Windows over each channel by itself.
fn geometry(attributes: &Attributes, input: &TensorType) -> Result<Geometry, String> {
    let spatial = spatial_rank(input)?;
    let channels = input.shape()[spatial + 1];
    let named = |name| list(attributes, name, spatial);
    let (window, strides) = (named("window")?, named("strides")?);
    let (low, high) = (named("low")?, named("high")?);
    require_listable(window)?;
    let mut axes = [Axis::NONE; 3];
    let mut padded = vec![input.shape()[0]];
    for (i, axis) in axes[3 - spatial..].iter_mut().enumerate() {
        let (extent, window, stride) = (input.shape()[i + 1], window[i], strides[i]);
        if window == 0 || stride == 0 || low[i] >= window || high[i] >= window {
            return Err("windows and strides must be positive, and padding smaller than its window".into());
        }
        let whole = extent + low[i] + high[i];
        let output = whole.checked_sub(window).map_or(0, |rest| rest / stride + 1);
        *axis = Axis { input: extent, output, window, stride, dilation: 1, low: low[i] };
        padded.push(whole.max(window));
    }
    // The inputs with all that is around them must be a tensor too.
    padded.push(channels);
    TensorType::new(Dtype::Float32, padded)?;
    Ok(Geometry { batch: input.shape()[0], axes, channels, filters: channels, groups: channels.max(1) })
}
