import { compare } from './compare.js'
import { eager } from './eager.js'
import { fit } from './fit.js'
import { gemm } from './gemm.js'
import { limits } from './limits.js'
import { neighbour } from './neighbour.js'
import { ops } from './ops.js'
import { precision } from './precision.js'
import { profile } from './profile.js'
import { steps } from './steps.js'
import { workloads } from './workloads.js'

const slow = workloads.filter(({ onRequest }) => onRequest).map(({ name }) => name)

const help = `Usage:
  npm run -s bench -- steps [--threads N] [--seconds S] [--backend native|reference] [--peak GFLOPS]
                              [--precision highest|high|medium] [WORKLOAD …]
      Times training steps, and their share of the machine's peak (measured unless given; 0: no share).
  npm run -s bench -- compare [--python PATH] [--tfjs] [--isa NAME …] [--rounds R] [--seconds S]
                                [--precision highest|high|medium] [WORKLOAD …]
      Times them in turn with PyTorch, JAX (and TensorFlow.js), on 1 and on 2 threads, and prints ratios. The precision is ours alone.
  npm run -s bench -- compare --reference [--rounds R] [--seconds S] [WORKLOAD …]
      The reference executor in turn with TensorFlow.js's backend in JavaScript.
  npm run -s bench -- neighbour [--rounds R] [--seconds S] [WORKLOAD …]
      Times them on 1 and 2 threads, with and without a busy loop pinned to one core (Linux).
  npm run -s bench -- precision
      Prints the error of matrix products and convolutions against float64, for each instruction set and precision.
  npm run -s bench -- profile [--threads N] [--seconds S] [--precision highest|high|medium] [WORKLOAD …]
      Where the time of a step goes, by instruction, with rates of arithmetic and of memory traffic.
  npm run -s bench -- ops [--threads N] [--seconds S] [--precision highest|high|medium] [FAMILY …]
      Times the kernels of each family, with their share of what the machine's arithmetic or memory allows.
  npm run -s bench -- gemm [--isa NAME] [--precision highest|high|medium] [--threads 1,2] [--seconds S]
                             [--mkl PATH|--python PATH] [squares|thin|workloads|M,N,K,FORM …]
      GFLOP/s of matrix products beside the gemm crate and MKL, by thread time on 1 thread and wall time on more. FORM: NN, NT, TN, TT.
  npm run -s bench -- limits [--seconds S]
      What the machine can do: multiply-adds by instruction set, memory traffic by cache level, on 1 and 2 threads.
  npm run -s bench -- fit [--epochs E] [--rounds R] [--threads N] [--backend native|reference]
      Times fit() on the digits, everything included, in turn with the bare steps of the same model.
  npm run -s bench -- eager [--rounds R] [--backend native|reference]
      Nanoseconds of small ops on concrete tensors.
Workloads: ${workloads.map(({ name }) => name).join(', ')}
  (default: all but those that take minutes: ${slow.join(', ')})`

const commands = { limits, gemm, ops, steps, compare, neighbour, precision, profile, fit, eager } as const

const [command, ...args] = process.argv.slice(2)
if (command !== undefined && Object.hasOwn(commands, command)) {
  try {
    await commands[command as keyof typeof commands](args)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
} else {
  console.error(help)
  process.exitCode = 1
}
