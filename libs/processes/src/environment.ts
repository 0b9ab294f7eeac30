/**
 * What a process of ours is given of the environment. The program's own variables stay with the program: `NODE_OPTIONS`
 * of a test runner or debugger would change how a part starts, and secrets are nobody else's business (P9).
 * `NODE_COMPILE_CACHE` is ours: parts start twice as fast with it (their parent's parent decides where it is).
 */
const passedOn = /^(PATH|HOME|LANG|LC_.*|TZ|TMPDIR|NODE_EXTRA_CA_CERTS|NODE_COMPILE_CACHE)$/

export function cleanEnvironment(extra: Record<string, string> = {}): Record<string, string> {
  const env: Record<string, string> = {}
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && passedOn.test(name)) env[name] = value
  }
  return { ...env, ...extra }
}
