//! The targets of one class: which rows of parts are added up for them.

use super::super::source::Reading;
use super::super::weights::Weights;
use crate::arch::amx::{DEPTH, PANEL, Steps, row_elements, step_elements};
use crate::matmul::{Parts, Split};

/// The lines of a band are one stretch of rows where what lies between two is at most such a part of a line.
const MOST_BETWEEN: usize = 2;

/// Tiles along k that are summed in one chain, by the number of parts: their panel of weights stays in the L1 cache.
const CHAIN_STEPS: [usize; 3] = [18, 9, 6];

/// The targets of one class.
#[derive(Debug)]
pub(super) struct Pass {
    pub reading: Reading,
    pub weights: Weights,
    /// What a sum is made of.
    pub chains: Vec<Chain>,
    /// Where the sources of each tap lie behind the start of a window, in pixels.
    pub taps: Vec<usize>,
    /// Rows from one line to the next where the lines of a band are one stretch.
    pub pitch: Option<usize>,
    /// The elements of the parts of a tap's panel of weights.
    tap_size: usize,
    /// Where its weights start among all by parts, and its panels and units among all.
    pub first_weight: usize,
    pub first_panel: usize,
    pub first_unit: usize,
}

/// Tiles along k that are summed in one chain, of one line of the window or several: where their sources lie behind the start of a window,
/// and their weights in a panel, in elements.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    pub source: usize,
    pub weights: usize,
    pub steps: Steps,
}

impl Chain {
    /// Adds those of another line behind it, if they are as many and as far away as those before.
    fn joins(&mut self, next: &Chain, most: usize) -> bool {
        let Steps { count, times, next: distance } = self.steps;
        let Some(behind) = next.source.checked_sub(self.source).map(|elements| elements * size_of::<f32>())
        else {
            return false;
        };
        let fits = count == next.steps.count && (times + 1) * count <= most;
        let joins = fits && (times == 1 || behind == times * distance);
        if joins {
            self.steps = Steps { count, times: times + 1, next: behind / times };
        }
        joins
    }
}

impl Pass {
    pub fn new(
        reading: Reading,
        weights: Weights,
        channels: usize,
        parts: Parts,
        [first_weight, first_panel, first_unit]: [usize; 3],
    ) -> Self {
        let parts = parts as usize;
        let (pixel, step) = (row_elements(parts, channels), step_elements(parts));
        let steps_of_tap = channels.div_ceil(DEPTH);
        let (mut chains, mut taps) = (Vec::new(), Vec::new());
        for run in reading.runs() {
            let (source, tap, count) = (run.source / channels, run.row / channels, run.depth / channels);
            taps.extend(source..source + count);
            // The steps of neighbouring pixels follow one another in both operands.
            let most = CHAIN_STEPS[parts - 1];
            let steps = Split::by_size(count * steps_of_tap, most);
            for steps in (0..steps.parts).map(|index| steps.part(index)) {
                let chain = Chain {
                    source: source * pixel + steps.start * (pixel / steps_of_tap),
                    weights: (tap * steps_of_tap + steps.start) * step,
                    steps: Steps::of(steps.len()),
                };
                if !chains.last_mut().is_some_and(|last: &mut Chain| last.joins(&chain, most)) {
                    chains.push(chain);
                }
            }
        }
        let pitch = pitch(&reading);
        let tap_size = steps_of_tap * step;
        Pass { reading, weights, chains, taps, pitch, tap_size, first_weight, first_panel, first_unit }
    }

    /// The elements of the parts of a tap's panel of weights.
    pub fn tap_size(&self) -> usize {
        self.tap_size
    }

    /// The elements of the parts of a panel of weights.
    pub fn panel_size(&self) -> usize {
        self.weights.taps() * self.tap_size
    }

    /// The pixels of the sources of a band, and those behind them that the rows of a last panel without targets would read.
    pub fn pixels(&self) -> usize {
        let channels = self.reading.steps().1 / self.reading.axes[2].advance;
        self.reading.scratch() / channels + PANEL * self.reading.axes[2].advance
    }

    /// The lines of the sources of a band.
    pub fn copied_lines(&self) -> usize {
        let [planes, across, _] = &self.reading.axes;
        planes.span(1) * across.span(self.reading.bands.most())
    }
}

/// Rows from one line of targets to the next, where the lines of a band are one stretch.
fn pitch(reading: &Reading) -> Option<usize> {
    let ((line, step), pixels) = (reading.steps(), reading.axes[2].count);
    let pitch = line / step;
    // Where many zeros are shared, the last sources of a line may be the first of the next one: its rows are then no longer its own.
    let is_stretch = line % step == 0 && (pixels..=pixels + pixels / MOST_BETWEEN).contains(&pitch);
    is_stretch.then_some(pitch)
}

/// The targets of the largest band, and the rows of tiles that they take.
pub(super) fn filled_rows(reading: &Reading) -> [usize; 2] {
    let (lines, pixels) = (reading.bands.most(), reading.axes[2].count);
    let rows = match pitch(reading) {
        Some(pitch) => {
            (lines.max(1) - 1).saturating_mul(pitch).saturating_add(pixels).next_multiple_of(PANEL)
        }
        None => lines * pixels.next_multiple_of(PANEL),
    };
    [lines * pixels, rows]
}
