/** Why a function cannot travel, in one sentence that follows the way from the function to what is in it. */
import { BurlaError, encodeValue } from '@burla/protocol'

/** The function's name, then the names of variables and members on the way. */
export type Trail = string[]

export function refusal([fn, ...uses]: Trail, why: string, cause?: unknown): BurlaError {
  const way = uses.map((name) => ` uses \`${name}\`, which`).join('')
  const message = uses.length > 0 ? `${fn}${way} cannot travel: ${why}` : `${fn} cannot travel: ${why}`
  return new BurlaError('FUNCTION_NOT_PORTABLE', message, cause === undefined ? {} : { cause })
}

/** Refuses the first of `values` that is no data. All are tried at once, because they seldom fail and may be large. */
export function encodeOrRefuse(payload: { values: unknown[] }, trails: Trail[]): Buffer {
  try {
    return encodeValue(payload, 'fn', 'FUNCTION_NOT_PORTABLE')
  } catch (error) {
    payload.values.forEach((value, place) => {
      const trail = trails[place] ?? ['fn']
      try {
        encodeValue(value, trail.at(-1), 'FUNCTION_NOT_PORTABLE')
      } catch (cause) {
        throw refusal(trail, (cause as Error).message, cause)
      }
    })
    throw error
  }
}
