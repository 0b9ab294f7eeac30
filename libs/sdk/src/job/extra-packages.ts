/** The option `packages`, against what is installed for the calling file. */
import { BurlaError, parsePackageSpec } from '@burla/protocol'
import { fileURLToPath } from 'node:url'
import { findInstalled } from './installed.ts'

/**
 * Each with its exact version, where it is installed here.
 *
 * @param isLocal the cluster runs on this machine, so that packages come from here
 * @throws BurlaError `OPTION_INVALID` for one that the function could not have
 */
export function resolvePackages(
  packages: string[],
  { from, isLocal, caller }: { from: string; isLocal: boolean; caller: string },
): string[] {
  return packages.map((spec, at) => {
    const { name, version } = parsePackageSpec(spec)
    const installed = findInstalled(name, from)
    if (installed && (version ?? installed.version) === installed.version) {
      return version === undefined && installed.version !== undefined ? `${name}@${installed.version}` : spec
    }
    if (version !== undefined && !isLocal) return spec
    const found = installed
      ? `${installed.folder} has version ${installed.version ?? 'unknown'}; install ${spec}, or leave the version out`
      : `it is not installed for ${fileURLToPath(from)}; run \`npm install ${spec}\`` +
        (isLocal ? '' : `, or say its version, such as '${name}@1.0.0'`)
    throw new BurlaError('OPTION_INVALID', `${caller}: the option "packages[${at}]" is ${spec}, and ${found}`)
  })
}
