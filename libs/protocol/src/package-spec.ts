/** An npm package as the option `packages` names it: `sharp`, `@scope/name`, or with an exact version `pg@8.11.0`. */
export const packageSpec =
  /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*(@[0-9]+\.[0-9]+\.[0-9]+([+-][0-9A-Za-z.+-]+)?)?$/

/** `version` is absent where the name stands alone. */
export function parsePackageSpec(spec: string): { name: string; version?: string } {
  const at = spec.indexOf('@', 1)
  return at < 0 ? { name: spec } : { name: spec.slice(0, at), version: spec.slice(at + 1) }
}
