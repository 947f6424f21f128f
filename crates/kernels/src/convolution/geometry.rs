//! Where the windows of a convolution lie.

use std::ops::Range;

use crate::kernel::require_size;

/// One spatial axis: output `o` sees the inputs `o * stride + k * dilation - low` for each place `k` of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Axis {
    pub input: usize,
    pub output: usize,
    pub window: usize,
    pub stride: usize,
    pub dilation: usize,
    /// Zeros before the first input. Those behind the last follow from the output.
    pub low: usize,
}

impl Axis {
    /// An axis that a convolution of fewer dimensions lacks.
    pub const NONE: Axis = Axis { input: 1, output: 1, window: 1, stride: 1, dilation: 1, low: 0 };
}

/// A convolution of inputs [batch, …input, channels] with a kernel [...window, channels / groups, filters] to outputs
/// [batch, …output, filters], over three axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Geometry {
    pub batch: usize,
    pub axes: [Axis; 3],
    pub channels: usize,
    pub filters: usize,
    pub groups: usize,
}

impl Geometry {
    /// # Panics
    /// When a size overflows, a stride, dilation or window is zero, or the groups do not divide channels and filters.
    pub fn check(&self) {
        let Geometry { batch, axes, channels, filters, groups } = *self;
        assert!(groups > 0 && channels % groups == 0 && filters % groups == 0, "groups divide the channels");
        for Axis { input, output, window, stride, dilation, low } in axes {
            assert!(window > 0 && stride > 0 && dilation > 0, "windows and steps are positive");
            // The farthest place that a window reaches.
            let reach = [(output, stride), (window, dilation)];
            let reach = reach.map(|(count, step)| count.checked_mul(step).expect("a place fits"));
            let reach = reach.into_iter().chain([input, low]).try_fold(0usize, usize::checked_add);
            assert!(reach.is_some_and(|reach| reach <= isize::MAX as usize / 4), "a place fits");
        }
        let extents = |extent: fn(&Axis) -> usize| axes.map(|axis| extent(&axis));
        let [inputs, outputs, windows] =
            [extents(|axis| axis.input), extents(|axis| axis.output), extents(|axis| axis.window)];
        let sizes =
            [(inputs, [batch, channels]), (outputs, [batch, filters]), (windows, [channels, filters])];
        for ([x, y, z], [a, b]) in sizes {
            require_size(&[x, y, z, a, b, size_of::<f32>()]);
        }
    }

    pub fn inputs(&self) -> usize {
        self.batch * self.axes.iter().map(|axis| axis.input).product::<usize>() * self.channels
    }

    pub fn outputs(&self) -> usize {
        self.batch * self.axes.iter().map(|axis| axis.output).product::<usize>() * self.filters
    }

    /// Whether each channel has one filter of its own.
    pub fn is_depthwise(&self) -> bool {
        self.groups == self.channels.max(1) && self.filters == self.channels
    }

    /// The places of a window.
    pub fn window(&self) -> usize {
        self.axes.iter().map(|axis| axis.window).product()
    }

    pub fn weights(&self) -> usize {
        self.window() * self.channels / self.groups * self.filters
    }

    /// The multiplications and additions of the convolution, and of each of its gradients.
    pub fn flops(&self) -> u64 {
        let terms = self.window() as u64 * (self.channels / self.groups) as u64;
        (self.outputs() as u64).saturating_mul(terms).saturating_mul(2)
    }

    /// The multiply-adds.
    pub(super) fn work(&self) -> u64 {
        self.flops() / 2
    }

    /// The bytes of all operands.
    pub fn bytes(&self) -> u64 {
        4 * (self.inputs() as u64 + self.outputs() as u64 + self.weights() as u64)
    }

    /// For each of the convolution's targets, its outputs, what it reads of its sources, the inputs: one class.
    pub(super) fn forward(&self) -> Vec<Class> {
        vec![Class { axes: self.axes.map(Positions::forward) }]
    }

    /// For each input what its gradient reads of the outputs' gradients: a class for each remainder by the strides.
    pub(super) fn backward(&self) -> Vec<Class> {
        let [first, second, third] = self.axes.map(Positions::backward);
        let pairs = first.iter().flat_map(|x| second.iter().map(move |y| (x, y)));
        let triples = pairs.flat_map(|(x, y)| third.iter().map(move |z| [x.clone(), y.clone(), z.clone()]));
        triples.map(|axes| Class { axes }).collect()
    }
}

/// Targets that read sources alike.
#[derive(Clone, Debug)]
pub(super) struct Class {
    pub axes: [Positions; 3],
}

impl Class {
    /// The lines of targets of one image.
    pub fn lines(&self) -> usize {
        self.axes[0].count * self.axes[1].count
    }
}

/// Along one axis: target `first + i * step` reads the sources `i * advance + offset` of its taps, for each `i < count`.
#[derive(Clone, Debug)]
pub(super) struct Positions {
    pub sources: usize,
    pub targets: usize,
    /// The places of the kernel, of which the taps are some.
    pub window: usize,
    pub count: usize,
    pub first: usize,
    pub step: usize,
    pub advance: usize,
    /// By ascending offset.
    pub taps: Vec<Tap>,
}

/// One place of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tap {
    pub offset: isize,
    /// Its place in the kernel.
    pub place: usize,
}

impl Positions {
    fn forward(axis: Axis) -> Self {
        let Axis { input, output, window, stride, dilation, low } = axis;
        let tap = |place: usize| Tap { offset: (place * dilation) as isize - low as isize, place };
        Positions {
            sources: input,
            targets: output,
            window,
            count: output,
            first: 0,
            step: 1,
            advance: stride,
            taps: (0..window).map(tap).collect(),
        }
    }

    /// Input `x` was seen through place k by output `(x + low - k * dilation) / stride`, where that is whole.
    fn backward(axis: Axis) -> Vec<Self> {
        let Axis { input, output, window, stride, dilation, low } = axis;
        let class = |remainder: usize| {
            let tap = |place: usize| {
                let distance = (remainder + low) as isize - (place * dilation) as isize;
                let whole = distance.rem_euclid(stride as isize) == 0;
                whole.then_some(Tap { offset: distance.div_euclid(stride as isize), place })
            };
            Positions {
                sources: output,
                targets: input,
                window,
                count: (input - remainder).div_ceil(stride),
                first: remainder,
                step: stride,
                advance: 1,
                taps: (0..window).rev().filter_map(tap).collect(),
            }
        };
        (0..stride.min(input)).map(class).collect()
    }

    /// The first source that a tap of target 0 reads, as it lies before or behind source 0.
    pub fn start(&self) -> isize {
        self.taps.first().map_or(0, |tap| tap.offset)
    }

    /// The sources, real or not, from the first to the last that `count` neighbouring targets read.
    pub fn span(&self, count: usize) -> usize {
        let taps = self.taps.last().map_or(0, |tap| tap.offset - self.start()) as usize;
        if count == 0 { 0 } else { (count - 1) * self.advance + taps + 1 }
    }

    /// Whether each tap reads the source behind that of the one before.
    pub fn are_neighbours(&self) -> bool {
        self.taps.windows(2).all(|taps| taps[1].offset == taps[0].offset + 1)
    }

    /// The source that a target reads by a tap, if it exists.
    #[inline(always)]
    pub fn source(&self, target: usize, tap: &Tap) -> usize {
        ((target * self.advance) as isize + tap.offset) as usize
    }

    /// The targets that read sources that exist by a tap.
    pub fn targets_of(&self, tap: &Tap) -> Range<usize> {
        let targets_before = |source: isize| {
            let distance = (source - tap.offset).max(0) as usize;
            distance.div_ceil(self.advance).min(self.count)
        };
        let first = targets_before(0);
        first..targets_before(self.sources as isize).max(first)
    }

    /// The taps by which a target reads sources that exist.
    #[inline(always)]
    pub fn existing(&self, target: usize) -> &[Tap] {
        &self.taps[self.existing_range(target)]
    }

    /// Which taps these are.
    pub fn existing_range(&self, target: usize) -> Range<usize> {
        let start = (target * self.advance) as isize;
        let before = |source: isize| self.taps.partition_point(|tap| start + tap.offset < source);
        before(0)..before(self.sources as isize)
    }

    /// The targets that read sources that exist by all of some taps.
    pub fn inside(&self, taps: &[Tap]) -> Range<usize> {
        let ranges = taps.iter().map(|tap| self.targets_of(tap));
        let inside = ranges.reduce(|a, b| a.start.max(b.start)..a.end.min(b.end)).unwrap_or(0..self.count);
        inside.start..inside.end.max(inside.start)
    }

    /// Whether all that is read exists.
    pub fn is_inside(&self) -> bool {
        self.start() >= 0 && self.start() as usize + self.span(self.count) <= self.sources
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backward_inverts_forward() {
        for (window, stride, dilation, low) in
            [(3, 1, 1, 1), (3, 2, 1, 0), (2, 3, 1, 1), (3, 2, 3, 4), (5, 4, 2, 3)]
        {
            let (input, output) = (13, 5);
            let axis = Axis { input, output, window, stride, dilation, low };
            let mut seen = Vec::new();
            for o in 0..output {
                for Tap { offset, place } in Positions::forward(axis).taps {
                    let x = (o * stride) as isize + offset;
                    if (0..input as isize).contains(&x) {
                        seen.push((x as usize, place, o));
                    }
                }
            }
            let mut found = Vec::new();
            for class in Positions::backward(axis) {
                assert!(class.taps.is_sorted_by_key(|tap| tap.offset));
                for i in 0..class.count {
                    for &Tap { offset, place } in &class.taps {
                        let o = i as isize + offset;
                        if (0..output as isize).contains(&o) {
                            found.push((class.first + i * class.step, place, o as usize));
                        }
                    }
                }
            }
            seen.sort();
            found.sort();
            assert_eq!(seen, found);
        }
    }
}
