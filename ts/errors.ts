import type { Dtype } from './dtype.js'

type Shape = readonly (number | null)[]
const shape = (s: Shape) => `[${s.map((extent) => extent ?? 'null').join(', ')}]`
type Shapes = Shape | readonly Shape[] | Readonly<Record<string, Shape>>
const shapes = (s: Shapes) => {
  if (!Array.isArray(s))
    return Object.entries(s)
      .map(([name, each]) => `${name} ${shape(each)}`)
      .join(' and ')
  return s.some(Array.isArray) ? s.map(shape).join(' and ') : shape(s)
}
const show = (value: unknown) => {
  const text = describe(value, 0)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}

/** Any value in a few words; it ends for large and for circular ones too. */
function describe(value: unknown, depth: number): string {
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'string') return `'${value}'`
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) {
    if (depth > 2) return '[...]'
    const shown = Array.from(value.slice(0, 9), (element) => describe(element, depth + 1))
    return `[${shown.join(', ')}${value.length > 9 ? ', ...' : ''}]`
  }
  const kind: unknown = value.constructor
  if (typeof kind === 'function' && kind !== Object) {
    return `${/^[AEIOU]/i.test(kind.name) ? 'an' : 'a'} ${kind.name}`
  }
  const keys = Object.keys(value)
  return `an object${keys.length > 0 ? ` with ${keys.slice(0, 9).join(', ')}` : ''}`
}

/** The first of many names. */
const some = (names: readonly string[]) =>
  `${list(names.slice(0, 9))}${names.length > 9 ? ` and ${names.length - 9} more` : ''}`
const list = (names: readonly string[]) => names.map((name) => `'${name}'`).join(', ')

/** What makes data fit that do not, where their shapes tell: `sample` is what one sample must have. */
const inputCures = {
  batch: () => 'It looks like one sample: a batch of it is lw.ops.expandDims(x, 0).',
  lastAxis: () => 'lw.ops.expandDims(x, -1) adds the last axis.',
  reshape: (sample: Shape, got: Shape) =>
    `The samples have as many elements: lw.ops.reshape(x, [${[got[0], ...sample].join(', ')}]) gives them that shape${
      sample.length === 1 ? ', and so does lw.layers.flatten() as the first layer' : ''
    }.`,
  inputShape: (sample: Shape, got: Shape) =>
    `A sample of x has shape ${shape(got.slice(1))}, but the inputShape of the model is ${shape(sample)}.`,
} as const

/** The kinds of {@link inputCures}. */
export type InputCure = keyof typeof inputCures

/** Every error the library raises: its stable code, the fields it carries and its wording, which stands here alone. */
const messages = {
  // Tensors and their arguments.
  'argument.type': (f: { op: string; argument: string; expected: string; got: unknown }) =>
    `${f.op}: ${f.argument} must be ${f.expected}, got ${show(f.got)}.`,
  'argument.range': (f: { op: string; argument: string; expected: string; got: unknown }) =>
    `${f.op}: ${f.argument} must be ${f.expected}, got ${show(f.got)}.`,
  'argument.unknown': (f: {
    op: string
    argument: string
    known: readonly string[]
    nearest?: string
    reason?: string
  }) =>
    `${f.op} has no option '${f.argument}'${f.reason ? `: ${f.reason}` : ''}.${f.nearest ? ` Did you mean '${f.nearest}'?` : ''} It knows ${list(f.known)}.`,
  'name.unknown': (f: { kind: string; name: unknown; known: readonly string[]; nearest?: string }) =>
    `There is no ${f.kind} named ${show(f.name)}.${f.nearest ? ` Did you mean '${f.nearest}'?` : ''} Known: ${list(f.known)}.`,
  'custom.missing': (f: { kind: string; name: string }) =>
    `The ${f.kind} '${f.name}' is not a part of layerwise. Give its class or function: { customObjects: { ${f.name} } }.`,
  'custom.config': (f: { name: string }) =>
    `'${f.name}' does not keep what it was configured with. Its constructor must take one config and pass it on, ` +
    'constructor(config) { super(config) }, and getConfig must return what that takes: { ...super.getConfig(), … }.',
  'shape.invalid': (f: { op: string; got: unknown }) =>
    `${f.op}: a shape is an array of at most 8 non-negative integers with fewer than 2^31 elements in all, got ${show(f.got)}.`,
  'shape.length': (f: { op: string; shape: Shape; expected: number; got: number }) =>
    `${f.op}: shape ${shape(f.shape)} takes ${f.expected} elements, got ${f.got}.`,
  'shape.ragged': (f: { op: string; depth: number; expected: Shape; got: Shape }) =>
    `${f.op}: nested arrays must have equal lengths; at depth ${f.depth} one element has shape ${shape(f.expected)}, another ${shape(f.got)}.`,
  'shape.mismatch': (f: { op: string; expected: string; got: readonly Shape[] }) =>
    `${f.op}: expected ${f.expected}, got ${f.got.map(shape).join(' and ')}.`,
  'shape.broadcast': (f: { op: string; a: Shape; b: Shape }) =>
    `${f.op}: shapes ${shape(f.a)} and ${shape(f.b)} do not broadcast; aligned at the right, extents must be equal or 1.`,
  'dtype.mismatch': (f: { op: string; expected: string; got: readonly Dtype[] }) =>
    `${f.op}: expected ${f.expected}, got ${f.got.join(' and ')}. Use lw.ops.cast to convert.`,
  'dtype.invalid': (f: { op: string; got: unknown }) =>
    `${f.op}: a dtype is 'float32', 'int32', 'bool' or 'uint8', got ${show(f.got)}.`,
  'axis.range': (f: { op: string; axis: number; rank: number }) =>
    f.rank === 0
      ? `${f.op}: a scalar has no axes, so axis ${f.axis} is out of range.`
      : `${f.op}: axis ${f.axis} is out of range for rank ${f.rank}; give an integer from ${-f.rank} to ${f.rank - 1}.`,
  'axis.repeated': (f: { op: string; axes: readonly number[] }) =>
    `${f.op}: axes [${f.axes.join(', ')}] name one axis twice.`,
  'index.range': (f: { op: string; index: number; size: number }) =>
    `${f.op}: index ${f.index} is out of range; valid indices go from 0 to ${f.size - 1}.`,
  'buffer.unusable': (f: { op: string; problem: 'detached' | 'resizable' | 'shared' }) =>
    `${f.op}: the array's buffer is ${f.problem}; pass an array over an ordinary ArrayBuffer that was not transferred.`,
  'tensor.index': (f: { property: string }) =>
    `A tensor has no ${f.property === 'length' ? 'length' : 'elements by index'}: ${
      f.property === 'length'
        ? 'x.shape[0] is the number of its rows, x.size that of its elements'
        : 'await x.array() gives nested arrays, lw.ops.take(x, i) a row as a tensor'
    }.`,
  'tensor.closed': (f: { what: string }) => `This ${f.what} was closed and can no longer be used.`,

  // Tracing and differentiation.
  'trace.read': (f: { method: string }) =>
    `${f.method} was called on a symbolic tensor. Inside lw.jit, lw.grad or a layer's call, the function is traced: it runs once ` +
    'with symbolic tensors that have a shape and a dtype but no values yet, and only the ops it calls are recorded. ' +
    'Use lw.ops (for a choice by value, lw.ops.where), or return the tensor and read it outside.',
  'trace.leak': () =>
    'A symbolic tensor was used outside the trace that made it. Return tensors from the traced function instead of storing ' +
    'them elsewhere, and keep state in an lw.variable.',
  'trace.shape': (f: { op: string; instead: string }) =>
    `${f.op}: the shape of the result depends on values, which a traced function (in lw.jit, lw.grad, a layer or a loss) does not ` +
    `know. Instead, ${f.instead}, or call it outside.`,
  'trace.async': (f: { op: string }) =>
    `${f.op}: the traced function returned a promise. It runs once to be recorded, so it must be synchronous.`,
  'trace.output': (f: { op: string; got: unknown }) =>
    `${f.op}: a traced function returns tensors, or arrays and objects of them, got ${show(f.got)}.`,
  'grad.output': (f: { op: string; shape: Shape; dtype: Dtype }) =>
    `${f.op} differentiates a function whose result is a float32 scalar, got ${f.dtype} ${shape(f.shape)}. Reduce it with lw.ops.sum or lw.ops.mean.`,
  'grad.input': (f: { op: string; got: unknown }) =>
    `${f.op} differentiates with respect to float32 tensors and variables in the first argument, got ${show(f.got)}.`,
  'grad.undefined': (f: { op: string; reason: string }) => `${f.op} has no gradient: ${f.reason}.`,

  // Control flow.
  'control.structure': (f: { op: string; what: string; expected: string; got: string }) =>
    `${f.op}: ${f.what} must have one structure, ${f.expected} with * for a tensor, got ${f.got}.`,
  'control.type': (f: { op: string; what: string; expected: string; got: string }) =>
    `${f.op}: ${f.what} must be ${f.expected}, got ${f.got}. Shapes and dtypes cannot depend on what is computed: lw.ops.cast and lw.ops.reshape convert.`,
  'control.assign': (f: { op: string }) =>
    `${f.op}: cond assigns a variable or draws random numbers. It may run once more than body: do that in body, and pass what it needs as a loop variable.`,
  'vectorize.effect': (f: { op: string }) =>
    `${f.op}: the function assigns a variable or draws random numbers, which have an order. Use lw.ops.map, or draw before and pass the numbers in.`,

  // Layers and models.
  'placeholder.op': (f: { op: string }) =>
    `${f.op} was called on a placeholder of lw.input, which stands for data that is not there yet. Between placeholders of a functional model there ` +
    `are layers: lw.layers.lambda({ function: (x) => lw.ops.${f.op}(x) }).apply(placeholder), or a layer of your own.`,
  'layer.input': (f: { layer: string; expected: string; got: Shapes; cure?: InputCure; sample?: Shape }) =>
    `Layer '${f.layer}' takes ${f.expected}, got ${shapes(f.got)}.${
      f.cure ? ` ${inputCures[f.cure](f.sample as Shape, f.got as Shape)}` : ''
    }`,
  'layer.output': (f: { layer: string; got: unknown }) =>
    `The call of layer '${f.layer}' must return a tensor, or an array or an object of tensors, got ${show(f.got)}.`,
  'layer.calls': (f: { layer: string; property: string; calls: number }) =>
    f.calls === 0
      ? `Layer '${f.layer}' has no ${f.property} yet: it was not applied to a placeholder, nor is it part of a model that knows its input.`
      : `Layer '${f.layer}' was applied ${f.calls} times, so there is not one ${f.property}. Keep what apply returned.`,
  'model.empty': (f: { model: string }) =>
    `Model '${f.model}' has no layers yet. Add some with model.add(layer), or give them to lw.sequential.`,
  'layer.unbuilt': (f: { layer: string; method: string }) =>
    `${f.method}: '${f.layer}' has no weights before it knows the shape of its input. Give its first layer inputShape, or apply it to data first.`,
  'weights.count': (f: { layer: string; expected: number; got: number }) =>
    `setWeights: '${f.layer}' has ${f.expected} weights, got ${f.got}. Their order is that of getWeights.`,
  'weights.shape': (f: { layer: string; weight: string; expected: Shape; got: Shape }) =>
    `setWeights: weight '${f.weight}' of '${f.layer}' has shape ${shape(f.expected)}, got ${shape(f.got)}.`,
  'model.uncompiled': (f: { model: string; method: string }) =>
    `${f.method}: model '${f.model}' is not compiled. Call model.compile({ optimizer, loss }) first.`,
  'model.disconnected': (f: { model: string; input: string }) =>
    `The outputs of model '${f.model}' need '${f.input}', which is not its input. Give lw.model the input that they were made from.`,
  'model.lossless': (f: { model: string }) =>
    `Model '${f.model}' has no loss to minimize. Give compile a loss, or let a layer add one with addLoss.`,
  'model.untrainable': (f: { model: string }) =>
    `fit: model '${f.model}' has no trainable weights. Set trainable of a layer with weights, and compile again.`,

  'loss.logits': (f: { op: string; activation: string }) =>
    `${f.op} takes probabilities, but the last layer of the model has no activation, so its outputs are any numbers. ` +
    `Give that layer activation: '${f.activation}', or the loss { fromLogits: true }.`,
  'promise.unawaited': (f: { method: string; property?: string }) =>
    `${f.method} gives a promise${f.property === undefined ? '' : `, which has no ${f.property}`}. ` +
    `Write await before it: const result = await model.${f.method}(…).`,

  // Data and training.
  'data.empty': (f: { op: string }) => `${f.op}: there are no samples.`,
  'data.targets': (f: { op: string; output?: string }) =>
    f.output === undefined
      ? `${f.op}: y is missing. Give x and y, or an iterable of batches [x, y].`
      : `${f.op}: y has no targets for output '${f.output}', which has a loss or metrics.`,
  'data.structure': (f: {
    op: string
    argument: string
    names: readonly string[]
    got: unknown
    nearest?: string
  }) =>
    `${f.op}: ${f.argument} must be ${f.names.length === 1 ? 'given as it is' : `an array of ${f.names.length}`}, or an object by name (${list(f.names)}), got ${show(f.got)}.${
      f.nearest ? ` Did you mean '${f.nearest}'?` : ''
    }`,
  'data.length': (f: { op: string; x: number; y: number; argument?: string }) =>
    `${f.op}: x has ${f.x} samples and ${f.argument ?? 'y'} has ${f.y}; ${f.argument ? 'there must be as many' : 'each sample needs one target'}.`,
  'data.rows': (f: { op: string; argument: string; sample: Shape; got: number }) =>
    `${f.op}: ${f.argument} has ${f.got} elements, which is not a whole number of samples of shape ${shape(f.sample)}.`,
  'data.batch': (f: { op: string; batch: number; got: unknown }) =>
    `${f.op}: batch ${f.batch} must be an array [x, y] or [x, y, sampleWeight], got ${show(f.got)}. For data in memory give x and y.`,
  'data.exhausted': (f: { argument: string; epoch: number }) =>
    `fit: the iterable of ${f.argument} gave no batches in epoch ${f.epoch}. A generator can be read once: pass an object whose ` +
    'Symbol.iterator or Symbol.asyncIterator method starts anew.',
  'data.map': (f: { op: string; index: number; cause: unknown }) =>
    `${f.op}: the function failed for element ${f.index}: ${f.cause instanceof Error ? f.cause.message : show(f.cause)}`,
  'data.alike': (f: { first: number; index: number; expected: string; got: string }) =>
    `batch: the elements of a batch must be alike, but element ${f.first} is ${f.expected}, and element ${f.index} is ${f.got}.`,
  'data.leaf': (f: { index: number; got: unknown }) =>
    `batch: element ${f.index} holds ${show(f.got)}, of which no tensor can be made. Give batch tensors, typed arrays, numbers and booleans, ` +
    'in arrays and plain objects: map converts.',
  'data.unbatched': (f: { op: string; got: Shape }) =>
    `${f.op}: the dataset gives single samples, the first of shape ${shape(f.got)}. Batches of them are dataset.batch(32).`,
  'data.infinite': (f: { op: string; argument?: string }) =>
    `${f.op}: the dataset has no end. ${f.argument ? `Give ${f.argument}, or take` : 'Take'} a number of its elements by dataset.take(n).`,
  'data.stream': (f: { op: string; argument: string }) =>
    `${f.op}: ${f.argument} is for data in memory; an iterable gives batches as they are.`,
  'labels.nan': (f: { op: string; row: number }) => `${f.op}: y is NaN in row ${f.row}.`,
  'labels.integer': (f: { op: string; row: number; got: number }) =>
    `${f.op}: y must hold class numbers, integers from 0, got ${f.got} in row ${f.row}.`,
  'labels.range': (f: { op: string; row: number; got: number; classes: number }) =>
    `${f.op}: y is ${f.got} in row ${f.row}, but the model's output has ${f.classes} classes, 0 to ${f.classes - 1}.`,
  'labels.binary': (f: { op: string; row: number; got: number }) =>
    `${f.op}: y must be from 0 to 1 for a binary loss, got ${f.got} in row ${f.row}. For more than two classes give the model an output ` +
    "for each and use 'sparseCategoricalCrossentropy'.",
  'labels.shape': (f: {
    op: string
    expected: Shape
    got: Shape
    oneHot?: boolean
    classNumbers?: boolean
  }) =>
    `${f.op}: the loss compares the output with targets of shape ${shape(f.expected)}, got ${shape(f.got)}.${
      f.oneHot
        ? " These look like one-hot rows: use 'categoricalCrossentropy', or make class numbers of them by lw.ops.argmax(y, { axis: -1 })."
        : ''
    }${
      f.classNumbers
        ? " These look like class numbers: use 'sparseCategoricalCrossentropy', or make one-hot rows of int32 ones by lw.ops.oneHot."
        : ''
    }`,
  'training.busy': (f: { op: string; model: string }) =>
    `${f.op}: model '${f.model}' is being trained already. Await the former training first.`,
  'training.nonfinite': (f: { epoch: number; step: number; loss: number; row?: number; weights?: boolean }) =>
    `The loss became ${f.loss} in epoch ${f.epoch}, step ${f.step}. ${
      f.row !== undefined
        ? `x is not finite in row ${f.row}.`
        : f.weights
          ? 'The weights were not finite before this step, as a training that ended so leaves them: make the model anew, or load it.'
          : 'Lower the learning rate, or scale the inputs to about -1 to 1.'
    }`,
  // Files.
  'io.read': (f: { path: string; reason: string }) => `${f.path} cannot be read: ${f.reason}.`,
  'io.write': (f: { path: string; reason: string }) => `${f.path} cannot be written: ${f.reason}.`,
  'io.format': (f: { path: string; detail: string }) =>
    `${f.path} is not a valid .safetensors file: ${f.detail}.`,
  'io.size': (f: { weight: string; shape: Shape }) =>
    `The ${f.weight} has shape ${shape(f.shape)}, and the file does not hold as many values.`,
  'io.config': (f: { what: string; detail: string }) => `${f.what} does not describe a model: ${f.detail}.`,
  'io.names': (f: { path: string; missing: readonly string[]; unexpected: readonly string[] }) =>
    `The weights of the model and of ${f.path} have different names.${
      f.missing.length > 0 ? ` The file lacks ${some(f.missing)}.` : ''
    }${f.unexpected.length > 0 ? ` The model lacks ${some(f.unexpected)}.` : ''} loadWeights takes what fits with { skipMismatch: true }.`,
  'io.weight': (f: { path: string; weight: string; expected: string; got: string }) =>
    `Weight '${f.weight}' of the model is ${f.expected}, but ${f.path} has ${f.got}.`,
  'io.function': (f: { where: string; name?: string }) =>
    f.name === undefined
      ? `${f.where || 'This'} is a function or a class without a name. A file stores no code but names, so give it one: const myLoss = (yTrue, yPred) => …`
      : `${f.where || 'A configuration'}: two functions or classes are named '${f.name}'. A file stores no code but names, so give them different ones.`,
  'io.value': (f: { where: string; got: unknown }) =>
    `${f.where || 'This'} is ${show(f.got)}, which JSON cannot hold: a configuration consists of numbers, texts, true, false, null, arrays and plain ` +
    'objects of them, and of things with a getConfig.',
  'peer.missing': (f: { op: string; peer: string; reason?: string }) =>
    `${f.op} needs the package ${f.peer}, which ${
      f.reason === undefined
        ? `is not installed. Run: npm install ${f.peer}`
        : `could not be loaded: ${f.reason}`
    }`,
  'image.invalid': (f: { path: string; reason: string }) =>
    `${f.path} is not an image that can be decoded: ${f.reason}.`,
  'images.none': (f: { path: string; extensions: readonly string[]; folders: boolean }) =>
    `${f.path} holds no images${f.folders ? ' in folders, one for each class' : ''}; files are taken whose names end with ${f.extensions.join(', ')}.${
      f.folders ? ' For images without classes give labels: null.' : ''
    }`,
  'cifar.invalid': (f: { path: string; detail: string }) =>
    `${f.path} is not what the binary version of CIFAR has there: ${f.detail}.`,
  'idx.invalid': (f: { path: string; detail: string }) => `${f.path} is not a valid IDX file: ${f.detail}.`,

  // Executors.
  'backend.unavailable': (f: { reason: string }) => `The native executor is not available: ${f.reason}.`,
  'variable.executor': (f: { name: string; executor: string; current: string }) =>
    `Variable '${f.name}' lives on the ${f.executor} executor, but the ${f.current} executor runs now. Choose with lw.setBackend before you create models.`,
  'variable.mismatch': (f: { detail: string }) => `Variables do not fit the plan: ${f.detail}.`,
  'program.invalid': (f: { detail: string; instruction?: number; op?: string }) =>
    `The program is not valid${f.instruction === undefined ? '' : ` at instruction ${f.instruction}`}${f.op ? ` (${f.op})` : ''}: ${f.detail}.`,
  'run.invalid': (f: { detail: string }) => `The plan cannot run so: ${f.detail}.`,
  'memory.budget': (f: { needed: number; budget: number }) =>
    `This needs ${(f.needed / 2 ** 20).toFixed(1)} MiB, over the memory budget of ${(f.budget / 2 ** 20).toFixed(1)} MiB. ` +
    'Use smaller batches or tensors, or raise it with lw.setMemoryBudget.',
  'memory.exhausted': (f: { needed: number }) =>
    `This needs ${(f.needed / 2 ** 20).toFixed(1)} MiB, more than could be allocated. Use smaller batches or tensors.`,
  'kernel.panic': (f: { op: string; message: string }) =>
    `The native kernel of ${f.op} failed (${f.message}). This is a defect of layerwise: please report it. The process can go on.`,
  'native.failed': (f: { detail: string }) => `The native executor failed: ${f.detail}.`,
} as const

/** The stable codes of {@link LayerwiseError}. */
export type ErrorCode = keyof typeof messages

/** The fields that an error of a code carries. */
export type ErrorFields<C extends ErrorCode> = Parameters<(typeof messages)[C]>[0]

/**
 * Every error that layerwise raises on purpose. `code` is stable, `fields` holds what the message was made of
 * (op, layer, expected, got, …), and the message says what to do.
 *
 * @example
 * try {
 *   lw.ops.matmul(a, b)
 * } catch (error) {
 *   if (error instanceof lw.LayerwiseError && error.code === 'shape.mismatch') console.log(error.fields)
 * }
 */
export class LayerwiseError extends Error {
  override readonly name = 'LayerwiseError'

  constructor(
    readonly code: ErrorCode,
    readonly fields: Readonly<Record<string, unknown>>,
    message: string,
  ) {
    super(message, 'cause' in fields ? { cause: fields.cause } : undefined)
  }
}

/** Raises the error of a code. */
export function fail<C extends ErrorCode>(
  code: C,
  ...fields: ErrorFields<C> extends undefined ? [] : [ErrorFields<C>]
): never {
  const word = messages[code] as (fields: unknown) => string
  throw new LayerwiseError(code, { ...fields[0] }, word(fields[0]))
}

/** Whether a string is one of the codes: the native executor sends its errors as code and fields. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(messages, code)
}

/** The known name at the smallest edit distance, if it is close enough to be a slip; a name that goes on from this one is close. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const given = name.toLowerCase()
  const distances = known.map((candidate) => {
    const begun = given.length >= 3 && candidate.toLowerCase().startsWith(given)
    const abbreviated = given.length >= 3 && given === initials(candidate)
    return begun || abbreviated ? 1 : editDistance(given, candidate.toLowerCase())
  })
  const least = Math.min(...distances)
  return least <= Math.max(2, name.length / 3) ? known[distances.indexOf(least)] : undefined
}

/** 'mse' of 'meanSquaredError'. */
function initials(name: string): string {
  return (name[0] + name.slice(1).replace(/[^A-Z]/g, '')).toLowerCase()
}

/** Levenshtein's distance, in which two letters that changed places count once, by the usual dynamic programme over rows. */
function editDistance(a: string, b: string): number {
  let former: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const transposition = swapped ? (former[j - 2] as number) + 1 : Infinity
      next.push(Math.min(substitution, transposition, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    ;[former, row] = [row, next]
  }
  return row[b.length] as number
}
