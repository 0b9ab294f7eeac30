/** Options as given against the rules for them. */
import { BurlaError } from '@burla/protocol'
import { closestName } from './did-you-mean.ts'
import { describeGiven, type Rule } from './rules.ts'

export type Rules<Options> = { readonly [Name in keyof Options]-?: Rule }

/**
 * @param caller for messages: `burla.map: there is no option "timoutMs"; did you mean "timeoutMs"?`
 * @throws BurlaError `OPTION_INVALID`
 */
export function checkOptions<Options>(options: unknown, rules: Rules<Options>, caller: string): Partial<Options> {
  if (options === undefined) return {}
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalid(`${caller}: the options must be an object, such as { retries: 2 }, and not ${describeGiven(options)}`)
  }
  // read once: what was checked is what is used
  const given = { ...options } as Record<string, unknown>
  const names = Object.keys(rules)
  for (const [name, value] of Object.entries(given)) {
    const rule = Object.hasOwn(rules, name) ? rules[name as keyof Options] : undefined
    if (!rule) throw invalid(`${caller}: there is no option "${name}"; ${suggest(name, names)}`)
    const fault = value === undefined ? undefined : rule(value)
    if (fault) {
      const option = `"${name}${fault.at ?? ''}"`
      throw invalid(`${caller}: the option ${option} must be ${fault.allowed}, and not ${describeGiven(fault.given)}`)
    }
  }
  return given as Partial<Options>
}

function suggest(name: string, names: string[]): string {
  const closest = closestName(name, names)
  return closest ? `did you mean "${closest}"?` : `there are ${names.join(', ')}`
}

function invalid(message: string): BurlaError {
  return new BurlaError('OPTION_INVALID', message)
}
