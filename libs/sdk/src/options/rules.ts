/** What a value of an option must be. A rule gives undefined, or what is wrong as the end of a sentence. */
import { inspect } from 'node:util'
import { packageSpec } from '@burla/protocol'

export type Rule = (value: unknown) => Fault | undefined

export interface Fault {
  /** behind the option's name, for a part of it: `.PORT` */
  at?: string
  /** "must be ..." */
  allowed: string
  given: unknown
}

export function wholeNumber(from: number, to = Number.MAX_SAFE_INTEGER): Rule {
  const range =
    to === Number.MAX_SAFE_INTEGER ? `from ${from}` : `from ${from.toLocaleString('en')} to ${to.toLocaleString('en')}`
  return (given) => {
    const fits = Number.isSafeInteger(given) && (given as number) >= from && (given as number) <= to
    return fits ? undefined : { allowed: `a whole number ${range}`, given }
  }
}

/** A whole number, or the one word that stands for another choice. */
export function wholeNumberOr(word: string, from: number, to: number): Rule {
  const isNumber = wholeNumber(from, to)
  return (given) => {
    const fault = given === word ? undefined : isNumber(given)
    return fault && { allowed: `'${word}' or ${fault.allowed}`, given }
  }
}

export function numberFrom(from: number): Rule {
  return (given) =>
    Number.isFinite(given) && (given as number) >= from ? undefined : { allowed: `a number from ${from}`, given }
}

export function anyText(longest: number): Rule {
  return (given) => {
    const fits = typeof given === 'string' && given.trim() !== '' && given.length <= longest
    return fits ? undefined : { allowed: `text of 1 to ${longest.toLocaleString('en')} characters`, given }
  }
}

export const imageName: Rule = (given) => {
  const fits = typeof given === 'string' && /^[\w][\w.\-/:@]*$/.test(given) && given.length <= 400
  return fits ? undefined : { allowed: "the name of a container image, such as 'node:24-slim'", given }
}

export function anyOf(words: readonly string[]): Rule {
  return (given) =>
    words.some((word) => word === given) ? undefined : { allowed: `one of ${words.join(', ')}`, given }
}

export const trueOrFalse: Rule = (given) =>
  typeof given === 'boolean' ? undefined : { allowed: 'true or false', given }

export const anySignal: Rule = (given) => {
  const signal = given as Partial<AbortSignal> | null
  const fits =
    typeof signal === 'object' && typeof signal?.aborted === 'boolean' && typeof signal.addEventListener === 'function'
  return fits
    ? undefined
    : { allowed: 'an AbortSignal, as `AbortSignal.timeout(1000)` or `controller.signal` are', given }
}

export const environment: Rule = (given) => {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    return { allowed: "an object of text, such as { PORT: '80' }", given }
  }
  for (const [name, value] of Object.entries(given)) {
    const at = `.${name}`
    if (name === '' || /[=\0]/.test(name)) return { at, allowed: 'named without "=" and not empty', given: name }
    if (typeof value !== 'string') return { at, allowed: 'text', given: value }
    if (value.includes('\0')) return { at, allowed: 'text without a zero character', given: value }
  }
  return undefined
}

export function listOf(each: Rule, example: string): Rule {
  return (given) => {
    if (!Array.isArray(given)) return { allowed: `a list, such as ${example}`, given }
    for (const [at, value] of (given as unknown[]).entries()) {
      const fault = each(value)
      if (fault) return { ...fault, at: `[${at}]${fault.at ?? ''}` }
    }
    return undefined
  }
}

export const packageName: Rule = (given) =>
  typeof given === 'string' && packageSpec.test(given)
    ? undefined
    : { allowed: "the name of an npm package, alone or with an exact version, such as 'pg' or 'pg@8.11.0'", given }

/** A value as a reader knows it from his own code, in one short line. */
export function describeGiven(value: unknown): string {
  if (typeof value === 'function') return value.name ? `the function ${value.name}` : 'a function'
  const text = inspect(value, { depth: 1, breakLength: Infinity, maxArrayLength: 5, maxStringLength: 60 })
  return text.length > 100 ? `${text.slice(0, 100)}...` : text
}
