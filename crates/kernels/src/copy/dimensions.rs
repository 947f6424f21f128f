//! The nested loops of a strided walk.

/// The most dimensions of a tensor.
pub(super) const RANK: usize = 8;

/// One loop: how often it runs, and how far each iteration moves in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dimension {
    pub extent: usize,
    pub stride: isize,
}

/// The dimensions from the outermost to the innermost, without those of extent 1, and with neighbours that one stride
/// can walk made one.
pub(super) fn merged(shape: &[usize], strides: &[isize]) -> Vec<Dimension> {
    let mut dimensions: Vec<Dimension> = Vec::with_capacity(shape.len());
    for (&extent, &stride) in shape.iter().zip(strides).filter(|&(&extent, _)| extent != 1) {
        match dimensions.last_mut() {
            Some(outer) if steps(stride, extent) == Some(outer.stride) => {
                *outer = Dimension { extent: outer.extent * extent, stride };
            }
            _ => dimensions.push(Dimension { extent, stride }),
        }
    }
    dimensions
}

/// The offset of the last element that is read from `start` on.
///
/// # Panics
/// When it overflows, or an element before the first would be read.
pub(super) fn last_read(start: usize, dimensions: &[Dimension]) -> usize {
    let furthest = |sign: isize| {
        dimensions
            .iter()
            .filter(|dimension| dimension.stride.signum() == sign)
            .try_fold(isize::try_from(start).ok()?, |last, dimension| {
                last.checked_add(steps(dimension.stride, dimension.extent - 1)?)
            })
    };
    let (first, last) = (furthest(-1).expect("a size fits"), furthest(1).expect("a size fits"));
    assert!(first >= 0, "what is read begins at the first element");
    last as usize
}

fn steps(stride: isize, count: usize) -> Option<isize> {
    stride.checked_mul(isize::try_from(count).ok()?)
}

/// A position in nested loops and its offset.
pub(super) struct Odometer {
    index: [usize; RANK],
    pub offset: usize,
}

impl Odometer {
    /// The position of iteration number `iteration`, from an offset.
    pub fn new(start: usize, dimensions: &[Dimension], mut iteration: usize) -> Self {
        let mut position = Odometer { index: [0; RANK], offset: start };
        for (index, dimension) in position.index.iter_mut().zip(dimensions).rev() {
            *index = iteration % dimension.extent;
            iteration /= dimension.extent;
            position.offset = position.offset.wrapping_add_signed(*index as isize * dimension.stride);
        }
        position
    }

    pub fn advance(&mut self, dimensions: &[Dimension]) {
        for (index, dimension) in self.index.iter_mut().zip(dimensions).rev() {
            *index += 1;
            self.offset = self.offset.wrapping_add_signed(dimension.stride);
            if *index < dimension.extent {
                return;
            }
            self.offset = self.offset.wrapping_add_signed(-(*index as isize * dimension.stride));
            *index = 0;
        }
    }
}
