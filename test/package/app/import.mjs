import * as lw from 'layerwise'

console.log(lw.backend(), lw.tensor([1, 2]).dataSync().length)
