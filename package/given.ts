/** What `main.ts` tells the tests. */
import type { Major } from '@burla/testkit/nodes'

function given(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set: these tests are run by npm run test:package`)
  return value
}

export const tarball = given('BURLA_TARBALL')
/** the Nodes to test, and where each is */
export const nodes = Object.entries(JSON.parse(given('BURLA_NODES')) as Record<Major, string>)
