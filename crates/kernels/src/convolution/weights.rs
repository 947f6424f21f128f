//! The weights of a convolution as the matrices that its sources are multiplied with.

use super::geometry::{Class, Geometry};
use std::ops::Range;

/// Which way the weights connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// From channels to filters.
    Forward,
    /// From filters back to channels.
    Backward,
}

/// What a direction leads from, and to.
pub(super) struct Sides {
    /// The targets that read alike.
    pub classes: Vec<Class>,
    /// The channels of the sources and of the targets, and the elements of both.
    pub channels: usize,
    pub columns: usize,
    pub sources: usize,
    pub targets: usize,
}

impl Direction {
    /// The geometry, if the targets are its outputs.
    pub fn outputs(self, geometry: &Geometry) -> Option<&Geometry> {
        (self == Direction::Forward).then_some(geometry)
    }

    pub fn sides(self, geometry: &Geometry) -> Sides {
        let Geometry { channels, filters, .. } = *geometry;
        let (inputs, outputs) = (geometry.inputs(), geometry.outputs());
        match self {
            Direction::Forward => Sides {
                classes: geometry.forward(),
                channels,
                columns: filters,
                sources: inputs,
                targets: outputs,
            },
            Direction::Backward => Sides {
                classes: geometry.backward(),
                channels: filters,
                columns: channels,
                sources: outputs,
                targets: inputs,
            },
        }
    }
}

/// The matrices of a class, one for each group: a row for each term of a window, a column for each target's channel. Their columns lie in
/// panels, each row after row, filled up with zeros to whole vectors.
#[derive(Debug)]
pub(super) struct Weights {
    /// The place in the kernel of each tap, in the order of the rows.
    places: Vec<usize>,
    direction: Direction,
    /// Terms of one tap, and columns, of one group.
    group: usize,
    columns: usize,
    filters: usize,
    channels: usize,
    groups: usize,
    panel: usize,
    lanes: usize,
}

impl Weights {
    /// Panels of so many columns, in vectors of so many lanes.
    pub fn new(geometry: &Geometry, class: &Class, direction: Direction, panel: usize, lanes: usize) -> Self {
        let Geometry { axes, channels, filters, groups, .. } = *geometry;
        let [first, second, third] = &class.axes;
        let mut places = Vec::new();
        for plane in &first.taps {
            for line in &second.taps {
                let start = (plane.place * axes[1].window + line.place) * axes[2].window;
                places.extend(third.taps.iter().map(|column| start + column.place));
            }
        }
        let (channels, of_filters) = (channels / groups, filters / groups);
        let (group, columns) = match direction {
            Direction::Forward => (channels, of_filters),
            Direction::Backward => (of_filters, channels),
        };
        Weights { places, direction, group, columns, filters, channels, groups, panel, lanes }
    }

    fn rows(&self) -> usize {
        self.taps() * self.group
    }

    /// The panels of one group.
    pub fn panels_of_group(&self) -> usize {
        self.columns.div_ceil(self.panel)
    }

    /// The panels of all groups.
    pub fn panels(&self) -> usize {
        self.groups * self.panels_of_group()
    }

    /// The elements of all panels.
    pub fn size(&self) -> usize {
        self.groups * self.padded(self.columns) * self.rows()
    }

    fn padded(&self, columns: usize) -> usize {
        columns.next_multiple_of(self.lanes)
    }

    /// Of a panel: the group, its columns there, and where it starts among the packed elements.
    pub fn panel(&self, index: usize) -> (usize, Range<usize>, usize) {
        let (group, panel) = (index / self.panels_of_group(), index % self.panels_of_group());
        let columns = panel * self.panel..self.columns.min((panel + 1) * self.panel);
        let before = group * self.padded(self.columns) + columns.start;
        (group, columns, before * self.rows())
    }

    /// The taps of a window.
    pub fn taps(&self) -> usize {
        self.places.len()
    }

    /// Of the matrix of a tap, from some row and column on: where it lies in the kernel of one group, whether its columns lie contiguous
    /// there, rather than its rows, and from one of them to the next.
    #[cfg(target_arch = "x86_64")]
    pub fn tap(&self, tap: usize, row: usize, column: usize) -> (usize, bool, usize) {
        let start = self.places[tap] * self.channels * self.filters;
        match self.direction {
            Direction::Forward => (start + row * self.filters + column, false, self.filters),
            Direction::Backward => (start + column * self.filters + row, true, self.filters),
        }
    }

    /// Packs a panel.
    pub fn pack(&self, index: usize, kernel: &[f32], to: &mut [f32]) {
        let (group, columns, _) = self.panel(index);
        let padded = self.padded(columns.len());
        let first = group * (self.filters / self.groups);
        for (row, to) in to.chunks_exact_mut(padded).enumerate() {
            let (place, term) = (self.places[row / self.group], row % self.group);
            let tap = &kernel[place * self.channels * self.filters..][..self.channels * self.filters];
            let (values, rest) = to.split_at_mut(columns.len());
            match self.direction {
                Direction::Forward => {
                    let start = term * self.filters + first + columns.start;
                    values.copy_from_slice(&tap[start..start + values.len()]);
                }
                Direction::Backward => {
                    for (value, channel) in values.iter_mut().zip(columns.clone()) {
                        *value = tap[channel * self.filters + first + term];
                    }
                }
            }
            rest.fill(0.0);
        }
    }

    /// The elements of a panel.
    pub fn panel_size(&self, index: usize) -> usize {
        let (_, columns, _) = self.panel(index);
        self.padded(columns.len()) * self.rows()
    }
}
