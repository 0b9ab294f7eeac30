/**
 * A value that any list of parameters can take apart, at any depth, without reaching a default: for a call that is
 * stopped before the function's first statement.
 */
const itself = (): unknown => anything

export const anything: unknown = new Proxy(itself, {
  get: (_target, key) => (key === Symbol.iterator ? iterate : key === Symbol.toPrimitive ? () => 'key' : anything),
})

/** Bounded, because a rest element takes all. */
function* iterate(): Generator<unknown> {
  for (let n = 0; n < 64; n++) yield anything
}
