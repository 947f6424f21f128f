/** Keeps logarithms and quotients finite: Keras's fuzz factor. */
export const epsilon = 1e-7
