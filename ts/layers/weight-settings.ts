import { type ConstraintIdentifier, getConstraint } from '../constraints/registry.js'
import { getInitializer, type InitializerIdentifier, type InitializerName } from '../initializers/registry.js'
import { getRegularizer, type RegularizerIdentifier } from '../regularizers/registry.js'
import type { WeightOptions } from './layer.js'

/** What a layer's configuration says of a weight 'kernel' in kernelInitializer, kernelRegularizer and kernelConstraint. */
export type WeightSettings = Pick<WeightOptions, 'initializer' | 'regularizer' | 'constraint'>

/** The names of these options for some weights. */
export function weightSettingNames(defaults: Readonly<Record<string, InitializerName>>): string[] {
  return Object.keys(defaults).flatMap((weight) => [
    `${weight}Initializer`,
    `${weight}Regularizer`,
    `${weight}Constraint`,
  ])
}

/**
 * The settings of some weights, for `addWeight`.
 *
 * @param defaults the initializers that stand where the configuration gives none
 * @throws name.unknown, argument.type
 */
export function weightSettings<Weight extends string>(
  config: object,
  defaults: Readonly<Record<Weight, InitializerName>>,
): Readonly<Record<Weight, WeightSettings>> {
  const given = config as Readonly<Record<string, unknown>>
  const settings = Object.entries(defaults).map(([weight, byDefault]) => {
    const initializer = (given[`${weight}Initializer`] ?? byDefault) as InitializerIdentifier
    const regularizer = given[`${weight}Regularizer`] as RegularizerIdentifier | undefined
    const constraint = given[`${weight}Constraint`] as ConstraintIdentifier | undefined
    getInitializer(initializer)
    if (regularizer !== undefined) getRegularizer(regularizer)
    if (constraint !== undefined) getConstraint(constraint)
    return [weight, { initializer, regularizer, constraint }]
  })
  return Object.fromEntries(settings)
}

/** The same as options again, for `getConfig`. */
export function settingsConfig(settings: Readonly<Record<string, WeightSettings>>): Record<string, unknown> {
  const options = Object.entries(settings).flatMap(([weight, { initializer, regularizer, constraint }]) => [
    [`${weight}Initializer`, initializer],
    [`${weight}Regularizer`, regularizer],
    [`${weight}Constraint`, constraint],
  ])
  return Object.fromEntries(options.filter(([, option]) => option !== undefined))
}
