//! A sum of products before it is a kernel, so that the work after it can join it.

use layerwise_kernels::{
    self as kernels, Depthwise, Epilogue, Geometry, Isa, Kernel, MatmulShape, MaxPool, Precision,
};

use crate::elementwise::Elementwise;

/// A matrix of sums of products, and what is done with it while it is near.
#[derive(Clone, Debug)]
pub struct Product {
    pub factors: Factors,
    /// Adds the third operand, of as many elements as there are columns, to every row.
    pub bias: bool,
    /// After the bias.
    pub relu: bool,
    /// After both. Its first input is what they leave of the product, and the others are the operands after them.
    pub tape: Option<Elementwise>,
    /// Pools the outputs of a convolution after bias and relu, instead of a tape.
    pub pool: Option<Box<MaxPool>>,
}

/// What is multiplied.
#[derive(Clone, Copy, Debug)]
pub enum Factors {
    /// The matrices of a batch.
    Matmul(MatmulShape, Precision),
    /// The windows of an input and a kernel.
    Convolution(Geometry, Precision),
    /// The gradients of a convolution's outputs and its kernel.
    InputGradient(Geometry, Precision),
}

impl Product {
    pub fn new(factors: Factors) -> Self {
        Product { factors, bias: false, relu: false, tape: None, pool: None }
    }

    /// Whether a pooling of its elements can join it.
    pub fn takes_pool(&self, pool: &MaxPool) -> bool {
        match &self.factors {
            Factors::Convolution(geometry, _) => self.takes_more() && pool.can_follow(geometry),
            _ => false,
        }
    }

    /// Whether other work can join it: its elements are one matrix, made row by row, and nothing but bias and relu has joined it.
    pub fn takes_more(&self) -> bool {
        self.is_one_matrix() && self.tape.is_none() && self.pool.is_none()
    }

    fn is_one_matrix(&self) -> bool {
        match self.factors {
            Factors::Matmul(..) => true,
            Factors::Convolution(geometry, _) => geometry.groups == 1,
            Factors::InputGradient(geometry, _) => {
                geometry.groups == 1 && geometry.axes.iter().all(|axis| axis.stride == 1)
            }
        }
    }

    /// Whether its elements are made some whole rows at a time, whatever their length.
    pub fn makes_whole_rows(&self) -> bool {
        !matches!(self.factors, Factors::Matmul(..))
    }

    pub fn rows(&self) -> usize {
        match self.factors {
            Factors::Matmul(shape, _) => shape.batch * shape.m,
            Factors::Convolution(geometry, _) => geometry.outputs() / geometry.filters.max(1),
            Factors::InputGradient(geometry, _) => geometry.inputs() / geometry.channels.max(1),
        }
    }

    pub fn columns(&self) -> usize {
        match self.factors {
            Factors::Matmul(shape, _) => shape.n,
            Factors::Convolution(geometry, _) => geometry.filters,
            Factors::InputGradient(geometry, _) => geometry.channels,
        }
    }

    /// The terms of each sum.
    pub fn terms(&self) -> usize {
        match self.factors {
            Factors::Matmul(shape, _) => shape.k,
            Factors::Convolution(geometry, _) => geometry.window() * geometry.channels / geometry.groups,
            Factors::InputGradient(geometry, _) => geometry.window() * geometry.filters / geometry.groups,
        }
    }

    pub fn elements(&self) -> usize {
        self.rows() * self.columns()
    }

    /// The kernel.
    pub fn kernel(&self, isa: Isa) -> Box<dyn Kernel> {
        let tape = self.tape.as_ref().map(|tape| tape.kernel_over_rows(isa, self.columns()));
        let epilogue =
            Epilogue { bias: self.bias, relu: self.relu, tape, pool: self.pool.as_deref().cloned() };
        match self.factors {
            Factors::Matmul(shape, precision) => kernels::matmul(isa, precision, shape, epilogue),
            Factors::Convolution(geometry, _) if geometry.is_depthwise() && !self.is_one_matrix() => {
                Box::new(Depthwise::forward(isa, geometry))
            }
            Factors::InputGradient(geometry, _) if geometry.is_depthwise() && !self.is_one_matrix() => {
                Box::new(Depthwise::input_gradient(isa, geometry))
            }
            Factors::Convolution(geometry, precision) => {
                kernels::convolution(isa, precision, geometry, epilogue)
            }
            Factors::InputGradient(geometry, precision) => {
                kernels::convolution_input_gradient(isa, precision, geometry, epilogue)
            }
        }
    }
}
