//! Matrix multiplication.

use layerwise_kernels::{Dtype, MatmulShape};

use super::{Lowered, Signature, Site};
use crate::attributes::Attributes;
use crate::product::{Factors, Product};
use crate::tensor::TensorType;

pub fn infer(signature: &Signature) -> Result<TensorType, String> {
    let (a, b) = (signature.inputs[0], signature.inputs[1]);
    for input in 0..2 {
        signature.require_dtype(input, &[Dtype::Float32])?;
    }
    if a.rank() < 2 || a.rank() != b.rank() {
        let (a, b) = (a.shape(), b.shape());
        return Err(format!("inputs must have one rank of at least 2, got shapes {a:?} and {b:?}"));
    }
    let batch = &a.shape()[..a.rank() - 2];
    let ((m, k), (b_rows, n)) = matrices(a, b, signature.attributes);
    if batch != &b.shape()[..b.rank() - 2] || k != b_rows {
        let (a, b) = (a.shape(), b.shape());
        return Err(format!("shapes {a:?} and {b:?} do not multiply with transposes as given"));
    }
    TensorType::new(Dtype::Float32, [batch, &[m, n]].concat())
}

pub fn lower(site: &Site) -> Lowered {
    let ((m, k), (_, n)) = matrices(site.inputs[0], site.inputs[1], site.attributes);
    let batch = site.output.shape()[..site.output.rank() - 2].iter().product();
    let (transpose_a, transpose_b) = transposes(site.attributes);
    let shape = MatmulShape { batch, m, n, k, transpose_a, transpose_b };
    Lowered::Product(Product::new(Factors::Matmul(shape, site.precision)))
}

fn transposes(attributes: &Attributes) -> (bool, bool) {
    (attributes.boolean("transposeA"), attributes.boolean("transposeB"))
}

/// Rows and columns of both matrices as they are multiplied.
fn matrices(a: &TensorType, b: &TensorType, attributes: &Attributes) -> ((usize, usize), (usize, usize)) {
    let matrix = |tensor: &TensorType, transposed: bool| {
        let (rows, columns) = (tensor.shape()[tensor.rank() - 2], tensor.shape()[tensor.rank() - 1]);
        if transposed { (columns, rows) } else { (rows, columns) }
    };
    let (transpose_a, transpose_b) = transposes(attributes);
    (matrix(a, transpose_a), matrix(b, transpose_b))
}
