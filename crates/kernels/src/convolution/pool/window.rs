//! Where the inputs of a window lie.

/// The inputs of a window.
pub(super) struct Window {
    /// Its first element of the first channel, and from one plane, line and column to the next.
    pub first: usize,
    pub steps: [usize; 3],
    /// How many there are along each axis, ...
    pub seen: [usize; 3],
    /// ... and up to the next windows, where windows do not overlap.
    pub owned: [usize; 3],
}

impl Window {
    /// Where the first channel of each input lies, as far as such extents, and whether it is in the window.
    #[inline(always)]
    pub fn places(&self, extents: [usize; 3]) -> Places<'_> {
        let is_empty = extents.contains(&0);
        Places { window: self, extents, at: [if is_empty { extents[0] } else { 0 }, 0, 0] }
    }
}

pub(super) struct Places<'a> {
    window: &'a Window,
    extents: [usize; 3],
    at: [usize; 3],
}

impl Iterator for Places<'_> {
    type Item = (usize, bool);

    #[inline(always)]
    fn next(&mut self) -> Option<(usize, bool)> {
        let [plane, line, column] = self.at;
        let Window { first, steps, seen, .. } = self.window;
        if plane >= self.extents[0] {
            return None;
        }
        self.at[2] += 1;
        if self.at[2] == self.extents[2] {
            self.at = [plane, line + 1, 0];
            if line + 1 == self.extents[1] {
                self.at = [plane + 1, 0, 0];
            }
        }
        let place = first + plane * steps[0] + line * steps[1] + column * steps[2];
        Some((place, plane < seen[0] && line < seen[1] && column < seen[2]))
    }
}
