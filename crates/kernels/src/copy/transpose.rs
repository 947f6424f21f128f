//! Transposes of tiles by squares that fit in registers.

/// Writes element `row + column * stride` of the input to `row * pitch + column` of the output.
///
/// # Safety
/// Both sides are valid for all `height` rows and `width` columns, and nobody else touches the output's elements.
pub(super) unsafe fn transpose_tile<T: Copy + Default, const SQUARE: usize>(
    input: *const T,
    stride: usize,
    output: *mut T,
    pitch: usize,
    height: usize,
    width: usize,
) {
    for row in (0..height).step_by(SQUARE) {
        for column in (0..width).step_by(SQUARE) {
            // SAFETY: row < height and column < width.
            let (from, to) = unsafe { (input.add(row + column * stride), output.add(row * pitch + column)) };
            if row + SQUARE <= height && column + SQUARE <= width {
                // SAFETY: the whole square lies in the tile.
                unsafe { transpose_square::<T, SQUARE>(from, stride, to, pitch) };
                continue;
            }
            for row in 0..SQUARE.min(height - row) {
                for column in 0..SQUARE.min(width - column) {
                    // SAFETY: the rest of the tile in both directions bounds both.
                    unsafe { *to.add(row * pitch + column) = *from.add(row + column * stride) };
                }
            }
        }
    }
}

/// # Safety
/// As for [`transpose_tile`] with `N` rows and columns.
#[inline(always)]
unsafe fn transpose_square<T: Copy + Default, const N: usize>(
    input: *const T,
    stride: usize,
    output: *mut T,
    pitch: usize,
) {
    let mut square = [[T::default(); N]; N];
    for (column, values) in square.iter_mut().enumerate() {
        // SAFETY: N contiguous elements of the input; an array needs no more alignment than its elements.
        *values = unsafe { input.add(column * stride).cast::<[T; N]>().read() };
    }
    for row in 0..N {
        let mut values = [T::default(); N];
        for (value, column) in values.iter_mut().zip(&square) {
            *value = column[row];
        }
        // SAFETY: N contiguous elements of the output.
        unsafe { output.add(row * pitch).cast::<[T; N]>().write(values) };
    }
}
