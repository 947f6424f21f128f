//! The transformations of tiles, vectorised along the channels.

mod gradients;
mod products;
mod sources;
mod sums;
mod weights;

use super::tiling::{Planes, STRIDES};
use crate::arch::{Lanes, MAX_LANES, Task, Vector};
pub(super) use gradients::TransformGradients;
pub(super) use products::TransformProducts;
pub(super) use sources::TransformSources;
pub(super) use sums::TransformSums;
pub(super) use weights::TransformWeights;

/// A transformation between pixels and the matrices of the places.
pub(super) trait OverPlanes {
    /// # Safety
    /// It is sound, the matrices lie `STRIDE` elements from one another, and it runs inside `V::enter`.
    unsafe fn run<V: Vector, const STRIDE: usize>(&self);
}

struct WithStride<T, const STRIDE: usize>(T);

impl<T: OverPlanes, const STRIDE: usize> Task for WithStride<T, STRIDE> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        // SAFETY: the same contract.
        unsafe { self.0.run::<V, STRIDE>() }
    }
}

impl Planes {
    /// Does a transformation from or to these matrices.
    ///
    /// # Safety
    /// The machine has the instruction set, and the transformation is sound.
    pub unsafe fn transform<V: Vector>(&self, task: impl OverPlanes) {
        // SAFETY: the caller's.
        unsafe {
            match self.stride == STRIDES[0] {
                true => V::enter(WithStride::<_, { STRIDES[0] }>(task)),
                false => V::enter(WithStride::<_, { STRIDES[1] }>(task)),
            }
        }
    }
}

/// Stands for a line of sources that does not exist.
static ZEROS: [f32; MAX_LANES] = [0.0; MAX_LANES];

/// Some channels of the lines of a tile.
struct Lines<V: Vector, const WHOLE: bool, const COUNT: usize> {
    from: [*const f32; COUNT],
    /// From one pixel to the next.
    step: [usize; COUNT],
    lanes: Lanes<V, WHOLE>,
}

impl<V: Vector, const WHOLE: bool, const COUNT: usize> Lines<V, WHOLE, COUNT> {
    /// The channels from one on, of lines that start there if they exist.
    #[inline(always)]
    unsafe fn new(starts: &[Option<*const f32>; COUNT], channels: usize, channel: usize) -> Self {
        let (mut from, mut step) = ([ZEROS.as_ptr(); COUNT], [0; COUNT]);
        for line in 0..COUNT {
            if let Some(start) = starts[line] {
                // SAFETY: each pixel has so many channels.
                from[line] = unsafe { start.add(channel) };
                step[line] = channels;
            }
        }
        // SAFETY: the caller's.
        Lines { from, step, lanes: unsafe { Lanes::new(channels - channel) } }
    }

    #[inline(always)]
    unsafe fn load(&self, pixel: usize) -> [V; COUNT] {
        // SAFETY: the lines are valid for the pixel.
        unsafe {
            let mut column = [V::zero(); COUNT];
            for line in 0..COUNT {
                column[line] = self.lanes.load(self.from[line].add(pixel * self.step[line]));
            }
            column
        }
    }
}
