use super::*;
use crate::testing::{numbers, run_kernel};

const METHODS: [Resampling; 4] =
    [Resampling::Nearest, Resampling::Linear, Resampling::Cubic, Resampling::Mean];

/// Each map between the extents 1 to 19 and some farther apart.
fn maps() -> impl Iterator<Item = AxisMap> {
    let near = (1..20).flat_map(|from| (1..20).map(move |to| (from, to)));
    let far = [(1, 500), (500, 1), (97, 1000), (1000, 97), (640, 224), (223, 512)];
    near.chain(far).flat_map(|(from, to)| {
        METHODS
            .into_iter()
            .flat_map(move |method| [false, true].map(|antialias| AxisMap { method, from, to, antialias }))
    })
}

/// The map as a matrix [from, to].
fn matrix(map: AxisMap) -> Vec<f32> {
    let mut matrix = vec![0.0; map.from * map.to];
    map.visit(|output, input, weight| matrix[input * map.to + output] = weight);
    matrix
}

#[test]
fn taps_are_neighbours_whose_weights_add_up_to_one() {
    for map in maps() {
        let mut sums = vec![0f64; map.to];
        let (mut taps, mut of_inputs) = (vec![0; map.to], vec![0; map.from]);
        let mut former: Option<(usize, usize)> = None;
        let mut last_of_input = vec![None; map.from];
        map.visit(|output, input, weight| {
            if let Some((before, at)) = former {
                assert!(output != before || input == at + 1, "{map:?}: output {output}");
            }
            former = Some((output, input));
            let before: &mut Option<usize> = &mut last_of_input[input];
            assert!(before.is_none_or(|before| output == before + 1), "{map:?}: input {input}");
            *before = Some(output);
            (taps[output], of_inputs[input]) = (taps[output] + 1, of_inputs[input] + 1);
            sums[output] += f64::from(weight);
        });
        assert!(sums.iter().all(|sum| (sum - 1.0).abs() < 1e-5), "{map:?}: {sums:?}");
        assert!(taps.iter().all(|&taps| 0 < taps && taps <= map.most_inputs()), "{map:?}: {taps:?}");
        assert!(of_inputs.iter().all(|&taps| taps <= map.most_outputs()), "{map:?}: {of_inputs:?}");
    }
}

#[test]
fn cubic_interpolation_is_exact_for_parabolas_within_the_edges() {
    let map = AxisMap { method: Resampling::Cubic, from: 12, to: 31, antialias: false };
    let mut outputs = vec![0f64; map.to];
    map.visit(|output, input, weight| outputs[output] += f64::from(weight) * (input * input) as f64);
    for (output, value) in outputs.into_iter().enumerate() {
        let place = (output as f64 + 0.5) * 12.0 / 31.0 - 0.5;
        if (1.0..=10.0).contains(&place) {
            assert!((value - place * place).abs() < 1e-4, "output {output}");
        }
    }
}

#[test]
fn tensors_are_multiplied_by_the_matrix_or_its_transpose() {
    let extents = [(7, 3), (3, 7), (1, 5), (40, 9), (90, 31)];
    let around = [(1, 1), (4, 2), (3, 3), (2, 7), (2, 8), (3, 13), (2, 64), (1, 200), (0, 3), (2, 0)];
    for (from, to) in extents {
        for (i, (outer, inner)) in around.into_iter().enumerate() {
            for transposed in [false, true] {
                let map = AxisMap { method: METHODS[i % 4], from, to, antialias: i % 3 == 0 };
                let matrix = matrix(map);
                let (before, after) = if transposed { (to, from) } else { (from, to) };
                let input = numbers(outer * before * inner, 3);
                let weight = |at: usize, position: usize| match transposed {
                    true => matrix[position * to + at],
                    false => matrix[at * to + position],
                };
                for isa in Isa::available() {
                    let kernel = Resample::new(isa, &[outer, before, inner], 1, map, transposed);
                    let mut output = vec![f32::NAN; outer * after * inner];
                    run_kernel(&kernel, &[&input], &mut [&mut output]).unwrap();
                    for (place, &got) in output.iter().enumerate() {
                        let (line, position, lane) =
                            (place / inner / after, place / inner % after, place % inner);
                        let value = |at: usize| f64::from(input[(line * before + at) * inner + lane]);
                        let terms = (0..before).map(|at| f64::from(weight(at, position)) * value(at));
                        let (sum, magnitude) =
                            terms.fold((0.0, 0.0), |(sum, all), term| (sum + term, all + term.abs()));
                        assert!(
                            (f64::from(got) - sum).abs() <= 1e-6 * magnitude,
                            "{map:?} {inner} {transposed}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn a_tensor_without_elements_needs_no_table() {
    let map = AxisMap { method: Resampling::Cubic, from: 1 << 31, to: 3, antialias: true };
    assert_eq!(Resample::new(Isa::Portable, &[0, 1 << 31, 5], 1, map, false).scratch().shared, 0);
}
