use super::*;
use crate::Isa;
use crate::kernel::Kernel;
use crate::testing::run_kernel;

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
            let kernel = SegmentSum::new(isa, rows, columns, segments);
            run_kernel(&kernel, &[&data, &ids], &mut [&mut output]).unwrap();
            assert_eq!(output, expected, "{rows} {columns} {segments} {isa:?}");
        }
    }
}

#[test]
fn segment_ids_outside_are_rejected() {
    for (columns, wrong) in [(4, -1), (4, 3), (0, 3), (4, i32::MIN)] {
        let kernel = SegmentSum::new(Isa::best(), 2, columns, 3);
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
    check(&SegmentSum::new(Isa::best(), 2, 4, 2), 7, 2);
    check(&SegmentSum::new(Isa::best(), 2, 4, 3), 8, 2);
    assert!(std::panic::catch_unwind(|| Take::new(usize::MAX, 2, 1)).is_err());
}
