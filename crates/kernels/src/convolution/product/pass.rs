//! The targets of one class: what is added up for which of them.

use super::super::source::{Reading, Run, pieces};
use super::super::weights::Weights;
use std::ops::Range;

/// Terms of a chain of multiply-adds that several runs make: their panel of weights shares the L1 cache with the sources.
const MOST_TERMS: usize = 288;

/// The targets of one class.
#[derive(Debug)]
pub(super) struct Pass {
    pub reading: Reading,
    /// What a sum is made of, and which runs of it each line needs, unless each needs all: the others are of zeros.
    pub runs: Vec<Run>,
    needed: Vec<Range<usize>>,
    /// The runs that are one chain of multiply-adds each, all of one length and at a constant distance.
    pub chains: Vec<Range<usize>>,
    /// The pixels of a line that need all terms, and the others.
    pub inner: Range<usize>,
    pub ends: Vec<End>,
    pub weights: Weights,
    /// Where its weights start among the packed ones, and its panels and units among all.
    pub first_weight: usize,
    pub first_panel: usize,
    pub first_unit: usize,
}

/// A pixel near the end of a line, and which terms of a line of its window are of sources that exist.
#[derive(Debug)]
pub(super) struct End {
    pub pixel: usize,
    pub terms: Range<usize>,
}

impl Pass {
    pub fn new(
        reading: Reading,
        weights: Weights,
        [first_weight, first_panel, first_unit]: [usize; 3],
    ) -> Self {
        let runs = pieces(&reading.runs());
        let needed: Vec<_> = (0..reading.axes[1].count).map(|line| needed(&runs, line)).collect();
        let needed = if needed.iter().all(|some| *some == (0..runs.len())) { Vec::new() } else { needed };
        let (inner, ends) = ends(&reading);
        // The ends of a line leave out the same terms of all runs of a chain.
        let line = if ends.is_empty() { 1 } else { reading.line_terms() };
        let chains = chains(&runs, line);
        Pass { reading, runs, needed, chains, inner, ends, weights, first_weight, first_panel, first_unit }
    }

    /// The runs that some lines need.
    pub fn needed(&self, lines: Range<usize>) -> Range<usize> {
        if self.needed.is_empty() {
            return 0..self.runs.len();
        }
        let needed = &self.needed[lines];
        let end = needed.iter().map(|runs| runs.end).max().unwrap_or(0);
        needed.iter().map(|runs| runs.start).min().unwrap_or(0)..end
    }

    /// How many of some lines, from the first on, may be in one tile: all, or else those that need the same runs.
    pub fn alike(&self, lines: Range<usize>) -> usize {
        let own = self.needed(lines.start..lines.start + 1);
        let differs = |&line: &usize| self.needed(line..line + 1) != own;
        match self.reading.is_copied() {
            true => lines.len(),
            false => lines.clone().find(differs).unwrap_or(lines.end) - lines.start,
        }
    }
}

/// The runs from the first to the last whose sources exist for a line of targets; all, where there are none.
fn needed(runs: &[Run], line: usize) -> Range<usize> {
    let exists = |run: &Run| (run.lines.0..run.lines.1).contains(&line);
    match (runs.iter().position(exists), runs.iter().rposition(exists)) {
        (Some(first), Some(last)) => first..last + 1,
        _ => 0..runs.len(),
    }
}

/// Runs that follow one another at a constant distance of a multiple of `line` terms, as many as a chain of multiply-adds may have.
fn chains(runs: &[Run], line: usize) -> Vec<Range<usize>> {
    let distance =
        |to: usize| (runs[to].source.wrapping_sub(runs[to - 1].source), runs[to].row - runs[to - 1].row);
    let mut chains: Vec<Range<usize>> = Vec::new();
    for (index, run) in runs.iter().enumerate() {
        let joins = |chain: &&mut Range<usize>| {
            run.depth == runs[chain.start].depth
                && (chain.len() + 1) * run.depth <= MOST_TERMS
                && (run.row - runs[chain.start].row).is_multiple_of(line)
                && (chain.len() == 1 || distance(index) == distance(chain.start + 1))
        };
        match chains.last_mut().filter(joins) {
            Some(chain) => chain.end = index + 1,
            None => chains.push(index..index + 1),
        }
    }
    chains
}

/// The pixels of a line that need all terms, and the others where it pays to tell them apart.
fn ends(reading: &Reading) -> (Range<usize>, Vec<End>) {
    let columns = &reading.axes[2];
    if !reading.parts_ends() {
        return (0..columns.count, Vec::new());
    }
    let inner = columns.inside(&columns.taps);
    let end = |pixel| {
        let taps = columns.existing_range(pixel);
        let group = reading.place_terms();
        End { pixel, terms: taps.start * group..taps.end * group }
    };
    let ends = (0..columns.count).filter(|pixel| !inner.contains(pixel)).map(end).collect();
    (inner, ends)
}
