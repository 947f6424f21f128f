//! The means and sums of several parts together.

use super::Level;
use crate::chunks::part;
use crate::kernel::Buffer;
use crate::lanes::Arithmetic;
use crate::reduce::stage::WIDEST;
use crate::target::Loop;
use std::ops::Range;

/// The means and sums of several together, for some tiles.
pub(super) struct Combine<'a> {
    pub level: &'a Level,
    pub tiles: Range<usize>,
    /// Both numbers of the means, and the sums.
    pub from: [&'a [f32]; 3],
    pub means: Option<[Buffer; 2]>,
    pub sums: Buffer,
}

impl Loop for Combine<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Arithmetic>(self) {
        let stage = &self.level.stage;
        let mut totals = [[0f64; WIDEST]; 2];
        let [means, sums] = &mut totals;
        for tile in self.tiles {
            let (row, column) = (tile / stage.across, tile % stage.across * stage.width);
            let width = stage.inner.min(column + stage.width) - column;
            let first = row / stage.parts * stage.reduced * stage.inner + column;
            let rows = part(stage.reduced, stage.parts, row % stage.parts);
            let (means, sums) = (&mut means[..width], &mut sums[..width]);
            means.fill(0.0);
            sums.fill(0.0);
            let mut elements = 0.0;
            for index in rows.clone() {
                let count = self.level.count(index);
                let [from_means, rests, _] =
                    self.from.map(|from| &from[first + index * stage.inner..][..width]);
                // What has no elements has no mean either.
                if count > 0.0 {
                    elements += count;
                    for column in 0..width {
                        means[column] += count * (f64::from(from_means[column]) + f64::from(rests[column]));
                    }
                }
            }
            if elements > 0.0 {
                for mean in &mut *means {
                    *mean /= elements;
                }
            }
            for index in rows {
                let count = self.level.count(index);
                let [from_means, rests, from_sums] =
                    self.from.map(|from| &from[first + index * stage.inner..][..width]);
                if count > 0.0 {
                    for column in 0..width {
                        let mean = f64::from(from_means[column]) + f64::from(rests[column]);
                        let deviation = mean - means[column];
                        sums[column] += f64::from(from_sums[column]) + count * (deviation * deviation);
                    }
                }
            }
            let place = row * stage.inner + column..row * stage.inner + column + width;
            // SAFETY: the tiles are the caller's own.
            let slice = |buffer: Buffer| unsafe { buffer.slice_mut::<f32>(place.clone()) };
            let to_sums = slice(self.sums);
            for column in 0..width {
                to_sums[column] = sums[column] as f32;
            }
            if let Some(buffers) = self.means {
                let [to_means, rests] = buffers.map(slice);
                for column in 0..width {
                    to_means[column] = means[column] as f32;
                    rests[column] = (means[column] - f64::from(to_means[column])) as f32;
                }
            }
        }
    }
}
