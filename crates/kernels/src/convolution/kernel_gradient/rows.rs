//! Which rows of the gradient a tile computes, and which targets they see.

use super::super::geometry::{Class, Positions};
use crate::matmul::Split;
use std::ops::Range;

/// Rows of the gradient that read the same channels, or those of the same neighbouring taps.
#[derive(Debug)]
pub(super) struct Part {
    /// The first channel of the first tap, and how many terms follow it.
    pub channel: usize,
    pub count: usize,
    pub tiles: Vec<TileRows>,
}

/// Rows of the gradient that one tile computes.
#[derive(Debug)]
pub(super) struct TileRows {
    /// The first row.
    pub first: usize,
    /// The first tap along each axis.
    pub taps: [usize; 3],
    /// How many pixels its source lies behind where a target begins, in the sources or, if there are any, in their copies.
    pub source: isize,
    /// The targets along each axis whose sources exist.
    pub targets: [Range<usize>; 3],
}

/// Neighbouring taps along the lines, and the pixels that see sources by all of them.
struct Neighbours {
    taps: Range<usize>,
    pixels: Range<usize>,
}

/// How many neighbouring taps a tile has rows of, where sources have `channels` channels of which a filter sees `group`.
pub(super) fn taps_at_once(class: &Class, channels: usize, group: usize, tile_rows: usize) -> usize {
    if group == channels && class.axes[2].are_neighbours() { (tile_rows / group.max(1)).max(1) } else { 1 }
}

/// All rows of a gradient. Those of single taps are parts by channels, which all taps share.
pub(super) fn parts(class: &Class, group: usize, at_once: usize, tile_rows: usize) -> Vec<Part> {
    let columns = &class.axes[2];
    let all = 0..columns.taps.len();
    if at_once == 1 {
        let each =
            |tap: usize| Neighbours { taps: tap..tap + 1, pixels: columns.targets_of(&columns.taps[tap]) };
        return part(class, group, &all.map(each).collect::<Vec<_>>(), tile_rows);
    }
    let chunks = all.clone().step_by(at_once).map(|first| first..all.end.min(first + at_once));
    let sets = chunks.flat_map(|taps| neighbours(columns, taps));
    sets.flat_map(|set| part(class, group, &[set], tile_rows)).collect()
}

/// The rows of neighbours that are equally many.
fn part(class: &Class, group: usize, neighbours: &[Neighbours], tile_rows: usize) -> Vec<Part> {
    let [planes, lines, columns] = &class.axes;
    let terms = Split::by_size(neighbours.first().map_or(0, |some| some.taps.len()) * group, tile_rows);
    let part = |index: usize| {
        let terms = terms.part(index);
        let mut tiles = Vec::new();
        for (i, plane) in planes.taps.iter().enumerate() {
            for (j, line) in lines.taps.iter().enumerate() {
                let of_line = lines.targets_of(line);
                for Neighbours { taps, pixels } in neighbours {
                    let place = (i * lines.taps.len() + j) * columns.taps.len() + taps.start;
                    let line = plane.offset * lines.sources as isize + line.offset;
                    tiles.push(TileRows {
                        first: place * group + terms.start,
                        taps: [i, j, taps.start],
                        source: line * columns.sources as isize + columns.taps[taps.start].offset,
                        targets: [planes.targets_of(plane), of_line.clone(), pixels.clone()],
                    });
                }
            }
        }
        Part { channel: terms.start, count: terms.len(), tiles }
    };
    (0..terms.parts).map(part).filter(|part| part.count > 0).collect()
}

/// Some taps at once for the pixels that have them all, and for the others those that they have.
fn neighbours(columns: &Positions, taps: Range<usize>) -> Vec<Neighbours> {
    let own = &columns.taps[taps.clone()];
    let targets = own.iter().map(|tap| columns.targets_of(tap));
    let some = targets.reduce(|a, b| a.start.min(b.start)..a.end.max(b.end)).unwrap_or(0..0);
    let all = columns.inside(own);
    let mut sets: Vec<Neighbours> = Vec::new();
    let mut pixel = some.start;
    while pixel < some.end {
        let existing = columns.existing_range(pixel);
        let end = if all.contains(&pixel) { all.end } else { pixel + 1 };
        let taps = existing.start.max(taps.start)..existing.end.min(taps.end);
        sets.extend((!taps.is_empty()).then_some(Neighbours { taps, pixels: pixel..end }));
        pixel = end;
    }
    sets
}
