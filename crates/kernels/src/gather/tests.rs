use super::*;
use crate::kernel::Kernel;
use crate::testing::run_kernel;
use crate::{Dtype, Isa};

fn hashed(count: usize, below: u32) -> Vec<i32> {
    (0..count as u32).map(|i| ((i + 1).wrapping_mul(0x9E37_79B9) >> 7) % below).map(|i| i as i32).collect()
}

#[test]
fn take_copies_rows() {
    for row_bytes in [1, 2, 3, 4, 5, 8, 15, 16, 64, 65, 784, 3136] {
        for (source_rows, count) in [(1, 1), (10, 7), (300, 1000), (5, 0)] {
            let source: Vec<u8> = (0..source_rows * row_bytes).map(|i| (i * 7 + i / 251) as u8).collect();
            let indices = hashed(count, source_rows as u32);
            let mut output = vec![0u8; count * row_bytes];
            let take = Take::new(row_bytes, source_rows, count);
            run_kernel(&take, &[&source, &indices], &mut [&mut output]).unwrap();
            for (row, &index) in output.chunks_exact(row_bytes).zip(&indices) {
                assert_eq!(row, &source[index as usize * row_bytes..][..row_bytes]);
            }
        }
    }
}

#[test]
fn take_rejects_indices_outside() {
    for row_bytes in [0, 1, 4, 64, 100] {
        for wrong in [-1, 10, i32::MIN, i32::MAX] {
            let source = vec![0u8; 10 * row_bytes];
            let mut output = vec![0u8; 3 * row_bytes];
            let take = Take::new(row_bytes, 10, 3);
            let error = run_kernel(&take, &[&source, &vec![0, wrong, 9]], &mut [&mut output]).unwrap_err();
            assert_eq!(error, KernelError::IndexOutOfRange { op: "take", index: wrong.into(), size: 10 });
        }
    }
    let take = Take::new(4, 0, 1);
    assert!(run_kernel(&take, &[&Vec::<u8>::new(), &vec![0]], &mut [&mut vec![0u8; 4]]).is_err());
}

#[test]
fn segments_sum_in_row_order() {
    for (rows, columns, segments) in [
        (0, 3, 2),
        (1, 1, 1),
        (5, 0, 3),
        (5, 3, 0),
        (32, 10, 7),
        (1000, 64, 300),
        (3000, 200, 50),
        (5000, 1, 3),
        (40_000, 16, 9),
        (70, 1000, 100),
    ] {
        let rows = if segments == 0 { 0 } else { rows };
        let data: Vec<f32> =
            hashed(rows * columns, 20_001).into_iter().map(|i| (i - 10_000) as f32 / 77.0).collect();
        let ids = hashed(rows, segments as u32);
        let mut expected = vec![0f32; segments * columns];
        for (row, &id) in ids.iter().enumerate() {
            for column in 0..columns {
                expected[id as usize * columns + column] += data[row * columns + column];
            }
        }
        for isa in Isa::available() {
            let mut output = vec![f32::NAN; segments * columns];
            let kernel = SegmentReduce::sum(isa, Dtype::Float32, rows, columns, segments);
            run_kernel(&kernel, &[&data, &ids], &mut [&mut output]).unwrap();
            assert_eq!(output, expected, "{rows} {columns} {segments} {isa:?}");
        }
    }
}

#[test]
fn segments_of_integers_wrap_and_have_maxima() {
    let (data, ids) = (vec![i32::MAX, -5, 1, 7], vec![0, 2, 0, 2]);
    for (kernel, expected) in [
        (SegmentReduce::sum(Isa::best(), Dtype::Int32, 4, 1, 3), [i32::MIN, 0, 2]),
        (SegmentReduce::max(Isa::best(), Dtype::Int32, 4, 1, 3), [i32::MAX, i32::MIN, 7]),
    ] {
        let mut output = vec![1i32; 3];
        run_kernel(&kernel, &[&data, &ids], &mut [&mut output]).unwrap();
        assert_eq!(output, expected);
    }
    let mut output = vec![0f32; 3];
    let kernel = SegmentReduce::max(Isa::best(), Dtype::Float32, 4, 1, 3);
    run_kernel(&kernel, &[&vec![1.0, f32::NAN, -2.0, 3.0], &ids], &mut [&mut output]).unwrap();
    assert_eq!(output[..2], [1.0, f32::NEG_INFINITY]);
    assert!(output[2].is_nan());
}

#[test]
fn the_last_update_of_a_row_wins() {
    for row_bytes in [0, 1, 4, 24, 4000] {
        for (rows, count) in [(1, 3), (50, 20), (200, 1000), (7, 0)] {
            let data: Vec<u8> = (0..rows * row_bytes).map(|i| (i * 7) as u8).collect();
            let updates: Vec<u8> = (0..count * row_bytes).map(|i| (i * 11 + i / 256) as u8).collect();
            let indices = hashed(count, rows as u32);
            let mut expected = data.clone();
            for (update, &index) in indices.iter().enumerate() {
                expected[index as usize * row_bytes..][..row_bytes]
                    .copy_from_slice(&updates[update * row_bytes..][..row_bytes]);
            }
            let mut output = vec![0u8; rows * row_bytes];
            let kernel = ScatterUpdate::new(row_bytes, rows, count);
            run_kernel(&kernel, &[&data, &indices, &updates], &mut [&mut output]).unwrap();
            assert_eq!(output, expected, "{row_bytes} {rows} {count}");
        }
    }
    for wrong in [-1, 3, i32::MIN, i32::MAX] {
        let (data, updates, mut output) = (vec![0f32; 3], vec![0f32; 1], vec![0f32; 3]);
        let kernel = ScatterUpdate::new(4, 3, 1);
        let error = run_kernel(&kernel, &[&data, &vec![wrong], &updates], &mut [&mut output]).unwrap_err();
        assert_eq!(error, KernelError::IndexOutOfRange { op: "scatterUpdate", index: wrong.into(), size: 3 });
    }
}

#[test]
fn places_of_indices_of_several_parts() {
    let indices = vec![0, 0, 1, 2, 2, 1, 3, 3];
    let mut output = vec![-1i32; 4];
    run_kernel(&ScatterPlaces::new(&[4, 5], 4), &[&indices], &mut [&mut output]).unwrap();
    assert_eq!(output, [0, 7, 11, 18]);
    for extents in [[3, 5], [4, 3]] {
        let size = *extents.iter().min().unwrap() as i64;
        let error =
            run_kernel(&ScatterPlaces::new(&extents, 4), &[&indices], &mut [&mut output]).unwrap_err();
        assert_eq!(error, KernelError::IndexOutOfRange { op: "scatterPlaces", index: 3, size });
    }
    run_kernel(&ScatterPlaces::new(&[], 4), &[&Vec::<i32>::new()], &mut [&mut output]).unwrap();
    assert_eq!(output, [0; 4]);
}

#[test]
fn elements_are_taken_along_an_axis() {
    for (shape, axis, count) in
        [(vec![5], 0, 9), (vec![7, 300], 1, 40), (vec![3, 5, 70], 1, 4), (vec![4, 200, 3], 1, 300)]
    {
        let elements: usize = shape.iter().product();
        let (outer, inner): (usize, usize) =
            (shape[..axis].iter().product(), shape[axis + 1..].iter().product());
        let data: Vec<f32> = (0..elements).map(|i| i as f32).collect();
        let bytes: Vec<u8> = (0..elements).map(|i| (i * 13) as u8).collect();
        let indices = hashed(outer * count * inner, shape[axis] as u32);
        let source = |place: usize| {
            let index = indices[place] as usize;
            (place / (count * inner) * shape[axis] + index) * inner + place % inner
        };
        let mut output = vec![f32::NAN; indices.len()];
        let kernel = TakeAlongAxis::new(4, &shape, axis, count);
        run_kernel(&kernel, &[&data, &indices], &mut [&mut output]).unwrap();
        assert!(output.iter().enumerate().all(|(place, value)| *value == data[source(place)]));
        let mut output = vec![0u8; indices.len()];
        let kernel = TakeAlongAxis::new(1, &shape, axis, count);
        run_kernel(&kernel, &[&bytes, &indices], &mut [&mut output]).unwrap();
        assert!(output.iter().enumerate().all(|(place, value)| *value == bytes[source(place)]));
    }
    let (data, mut output) = (vec![0f32; 6], vec![0f32; 3]);
    let kernel = TakeAlongAxis::new(4, &[2, 3], 0, 1);
    let error = run_kernel(&kernel, &[&data, &vec![0, 2, 1]], &mut [&mut output]).unwrap_err();
    assert_eq!(error, KernelError::IndexOutOfRange { op: "takeAlongAxis", index: 2, size: 2 });
}

#[test]
fn segment_ids_outside_are_rejected() {
    for (columns, wrong) in [(4, -1), (4, 3), (0, 3), (4, i32::MIN)] {
        let kernel = SegmentReduce::sum(Isa::best(), Dtype::Float32, 2, columns, 3);
        let (data, mut output) = (vec![0f32; 2 * columns], vec![0f32; 3 * columns]);
        let error = run_kernel(&kernel, &[&data, &vec![0, wrong]], &mut [&mut output]).unwrap_err();
        assert_eq!(error, KernelError::IndexOutOfRange { op: "segmentSum", index: wrong.into(), size: 3 });
    }
}

#[test]
fn memory_is_checked() {
    let mut output = vec![0f32; 8];
    let mut check = |kernel: &dyn Kernel, data: usize, indices: usize| {
        let (data, indices) = (vec![0f32; data], vec![0i32; indices]);
        let run = std::panic::AssertUnwindSafe(|| run_kernel(kernel, &[&data, &indices], &mut [&mut output]));
        assert!(std::panic::catch_unwind(run).is_err());
    };
    check(&Take::new(16, 2, 2), 7, 2);
    check(&Take::new(16, 2, 2), 8, 1);
    check(&Take::new(16, 2, 3), 8, 3);
    check(&SegmentReduce::sum(Isa::best(), Dtype::Float32, 2, 4, 2), 7, 2);
    check(&SegmentReduce::sum(Isa::best(), Dtype::Float32, 2, 4, 3), 8, 2);
    check(&TakeAlongAxis::new(4, &[9], 0, 2), 8, 2);
    check(&TakeAlongAxis::new(4, &[8], 0, 3), 8, 2);
    check(&ScatterPlaces::new(&[2, 2], 5), 9, 2);
    assert!(std::panic::catch_unwind(|| Take::new(usize::MAX, 2, 1)).is_err());
}
