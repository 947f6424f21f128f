//! Several kernels as one.

use crate::kernel::{Buffer, Cost, Kernel, KernelError, Operands, Scratch};

/// Kernels that do not wait for each other: a phase of all is that phase of each. The operands of one follow those of the one
/// before.
#[derive(Debug)]
pub struct Several {
    parts: Vec<Part>,
    phases: Vec<u32>,
}

#[derive(Debug)]
struct Part {
    kernel: Box<dyn Kernel>,
    inputs: usize,
    outputs: usize,
}

impl Several {
    /// Each kernel comes with the numbers of its inputs and outputs.
    ///
    /// # Panics
    /// When there is none.
    pub fn new(kernels: Vec<(Box<dyn Kernel>, usize, usize)>) -> Self {
        assert!(!kernels.is_empty(), "several kernels are at least one");
        let parts: Vec<Part> =
            kernels.into_iter().map(|(kernel, inputs, outputs)| Part { kernel, inputs, outputs }).collect();
        let most = parts.iter().map(|part| part.kernel.phases().len()).max().unwrap_or(0);
        let phases = (0..most).map(|phase| parts.iter().map(|part| part.chunks(phase)).sum()).collect();
        Several { parts, phases }
    }

    /// A part with its number among all, where its operands begin, and where its shared scratch does.
    fn places(&self) -> impl Iterator<Item = (&Part, [usize; 3])> {
        self.parts.iter().scan([0; 3], |next, part| {
            let place = *next;
            *next = [
                place[0] + part.inputs,
                place[1] + part.outputs,
                place[2] + part.kernel.scratch().shared * size_of::<f32>(),
            ];
            Some((part, place))
        })
    }
}

impl Part {
    fn chunks(&self, phase: usize) -> u32 {
        self.kernel.phases().get(phase).copied().unwrap_or(0)
    }
}

impl Kernel for Several {
    fn name(&self) -> &'static str {
        self.parts[0].kernel.name()
    }

    fn phases(&self) -> &[u32] {
        &self.phases
    }

    fn cost(&self) -> Cost {
        self.parts.iter().fold(Cost::default(), |total, part| {
            let Cost { flops, bytes } = part.kernel.cost();
            Cost { flops: total.flops + flops, bytes: total.bytes + bytes }
        })
    }

    fn scratch(&self) -> Scratch {
        self.parts.iter().fold(Scratch::default(), |total, part| {
            let Scratch { shared, private } = part.kernel.scratch();
            Scratch { shared: total.shared + shared, private: total.private.max(private) }
        })
    }

    fn may_alias(&self, output: usize, input: usize) -> bool {
        self.places().any(|(part, [inputs, outputs, _])| {
            (outputs..outputs + part.outputs).contains(&output)
                && (inputs..inputs + part.inputs).contains(&input)
                && part.kernel.may_alias(output - outputs, input - inputs)
        })
    }

    fn run(
        &self,
        phase: u32,
        chunk: u32,
        operands: &Operands<'_>,
        private: &mut [f32],
    ) -> Result<(), KernelError> {
        let mut chunk = chunk;
        for (part, [input, output, shared]) in self.places() {
            let chunks = part.chunks(phase as usize);
            if chunk < chunks {
                let scratch = part.kernel.scratch().shared * size_of::<f32>();
                let operands = Operands {
                    inputs: &operands.inputs[input..input + part.inputs],
                    outputs: &operands.outputs[output..output + part.outputs],
                    shared: if scratch == 0 {
                        Buffer::EMPTY
                    } else {
                        operands.shared.part(shared..shared + scratch)
                    },
                    ahead: &[],
                };
                return part.kernel.run(phase, chunk, &operands, private);
            }
            chunk -= chunks;
        }
        panic!("the chunk is one of its phase");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::run_kernel;
    use crate::{Dtype, Isa, Reduce};

    #[test]
    fn does_what_each_does() {
        let shapes = [vec![3usize], vec![200_000], vec![40, 50], vec![150_000]];
        let inputs: Vec<Vec<f32>> = shapes
            .iter()
            .map(|shape| (0..shape.iter().product::<usize>()).map(|i| (i % 13) as f32 - 4.5).collect())
            .collect();
        for isa in Isa::available() {
            let sum = |shape: &Vec<usize>| {
                let axes: Vec<usize> = (0..shape.len()).collect();
                Reduce::sum(isa, Dtype::Float32, shape, &axes)
            };
            let expected: Vec<f32> = shapes
                .iter()
                .zip(&inputs)
                .map(|(shape, input)| {
                    let mut output = vec![0f32];
                    run_kernel(&sum(shape), &[input], &mut [&mut output]).unwrap();
                    output[0]
                })
                .collect();
            let kernels =
                shapes.iter().map(|shape| (Box::new(sum(shape)) as Box<dyn Kernel>, 1, 1)).collect();
            let [mut a, mut b, mut c, mut d] = [const { vec![] }; 4].map(|_: Vec<f32>| vec![f32::NAN]);
            let several = Several::new(kernels);
            assert_eq!(several.phases().len(), 2, "some have a second phase and some have not");
            run_kernel(
                &several,
                &[&inputs[0], &inputs[1], &inputs[2], &inputs[3]],
                &mut [&mut a, &mut b, &mut c, &mut d],
            )
            .unwrap();
            assert_eq!([a[0], b[0], c[0], d[0]], *expected);
        }
    }
}
