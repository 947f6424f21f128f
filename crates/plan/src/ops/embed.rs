//! One tensor within another: padding, and slices that take other values.

use layerwise_kernels::{Dtype, Embed};

use super::{Lowered, Signature, Site};
use crate::tensor::TensorType;

pub fn infer_pad(signature: &Signature) -> Result<TensorType, String> {
    let input = signature.inputs[0];
    signature.require_type(1, input.dtype(), &[])?;
    let [low, high, interior] =
        ["low", "high", "interior"].map(|name| signature.require_one_per_axis(name, input.rank()));
    let (low, high, interior) = (low?, high?, interior?);
    let extent = |(axis, &extent): (usize, &usize)| {
        let between = extent.saturating_sub(1).checked_mul(interior[axis])?;
        extent.checked_add(between)?.checked_add(low[axis])?.checked_add(high[axis])
    };
    let shape: Option<Vec<usize>> = input.shape().iter().enumerate().map(extent).collect();
    let shape = shape.ok_or_else(|| format!("shape {:?} becomes too large", input.shape()))?;
    TensorType::new(input.dtype(), shape)
}

pub fn lower_pad(site: &Site) -> Lowered {
    let (input, output) = (site.inputs[0], site.output);
    if input.shape() == output.shape() {
        return Lowered::View;
    }
    let (low, interior) = (site.attributes.integers("low"), site.attributes.integers("interior"));
    Lowered::kernel(Embed::pad(input.dtype().bytes(), input.shape(), output.shape(), low, interior))
}

pub fn infer_update(signature: &Signature) -> Result<TensorType, String> {
    let (input, updates) = (signature.inputs[0], signature.inputs[1]);
    let start = signature.require_one_per_axis("start", input.rank())?;
    let fits = |axis: usize| {
        let end = start[axis].checked_add(updates.shape()[axis]);
        end.is_some_and(|end| end <= input.shape()[axis])
    };
    if updates.dtype() != input.dtype() || updates.rank() != input.rank() || !(0..input.rank()).all(fits) {
        return Err(format!("{updates} does not fit into {input} from {start:?} on"));
    }
    Ok(input.clone())
}

pub fn lower_update(site: &Site) -> Lowered {
    let (input, updates) = (site.inputs[0], site.inputs[1]);
    let start = site.attributes.integers("start");
    Lowered::kernel(Embed::slice_update(input.dtype().bytes(), input.shape(), updates.shape(), start))
}

pub fn infer_dynamic_update(signature: &Signature) -> Result<TensorType, String> {
    let (input, updates) = (signature.inputs[0], signature.inputs[1]);
    signature.require_type(2, Dtype::Int32, &[input.rank()])?;
    let smaller = updates.shape().iter().zip(input.shape()).all(|(updates, extent)| updates <= extent);
    if updates.dtype() != input.dtype() || updates.rank() != input.rank() || !smaller {
        return Err(format!("{updates} does not fit into {input}"));
    }
    Ok(input.clone())
}

pub fn lower_dynamic_update(site: &Site) -> Lowered {
    let (input, updates) = (site.inputs[0], site.inputs[1]);
    Lowered::kernel(Embed::dynamic_slice_update(input.dtype().bytes(), input.shape(), updates.shape()))
}
