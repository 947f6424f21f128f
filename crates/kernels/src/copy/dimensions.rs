//! The nested loops of a strided walk.

/// The most dimensions of a tensor.
pub(super) const RANK: usize = 8;

/// One loop: how often it runs, and how far each iteration moves in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dimension {
    pub extent: usize,
    pub stride: usize,
}

/// The dimensions from the outermost to the innermost, without those of extent 1, and with neighbours that one stride
/// can walk made one.
pub(super) fn merged(shape: &[usize], strides: &[usize]) -> Vec<Dimension> {
    let mut dimensions: Vec<Dimension> = Vec::with_capacity(shape.len());
    for (&extent, &stride) in shape.iter().zip(strides).filter(|&(&extent, _)| extent != 1) {
        match dimensions.last_mut() {
            Some(outer) if stride.checked_mul(extent) == Some(outer.stride) => {
                *outer = Dimension { extent: outer.extent * extent, stride };
            }
            _ => dimensions.push(Dimension { extent, stride }),
        }
    }
    dimensions
}

/// The offset of the last element that is read.
pub(super) fn last_read(dimensions: &[Dimension]) -> usize {
    dimensions
        .iter()
        .try_fold(0usize, |last, dimension| {
            last.checked_add((dimension.extent - 1).checked_mul(dimension.stride)?)
        })
        .filter(|last| *last < isize::MAX as usize)
        .expect("a size fits")
}

/// A position in nested loops and its offset.
pub(super) struct Odometer {
    index: [usize; RANK],
    pub offset: usize,
}

impl Odometer {
    /// The position of iteration number `iteration`.
    pub fn new(dimensions: &[Dimension], mut iteration: usize) -> Self {
        let mut position = Odometer { index: [0; RANK], offset: 0 };
        for (index, dimension) in position.index.iter_mut().zip(dimensions).rev() {
            *index = iteration % dimension.extent;
            iteration /= dimension.extent;
            position.offset += *index * dimension.stride;
        }
        position
    }

    pub fn advance(&mut self, dimensions: &[Dimension]) {
        for (index, dimension) in self.index.iter_mut().zip(dimensions).rev() {
            *index += 1;
            self.offset += dimension.stride;
            if *index < dimension.extent {
                return;
            }
            self.offset -= *index * dimension.stride;
            *index = 0;
        }
    }
}
