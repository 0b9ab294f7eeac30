/**
 * What a package that is not installed here is for, by its name: `@esbuild/linux-x64`, `@img/sharp-linuxmusl-arm64`.
 * Whoever publishes one per platform names them so; where a lock file says it, that counts.
 */
import type { LayerOnly } from '@burla/protocol'

const words: Record<string, LayerOnly> = {
  linux: { os: ['linux'] },
  linuxmusl: { os: ['linux'], libc: ['musl'] },
  darwin: { os: ['darwin'] },
  macos: { os: ['darwin'] },
  win32: { os: ['win32'] },
  windows: { os: ['win32'] },
  freebsd: { os: ['freebsd'] },
  openbsd: { os: ['openbsd'] },
  netbsd: { os: ['netbsd'] },
  sunos: { os: ['sunos'] },
  aix: { os: ['aix'] },
  android: { os: ['android'] },
  openharmony: { os: ['openharmony'] },
  x64: { cpu: ['x64'] },
  arm64: { cpu: ['arm64'] },
  arm: { cpu: ['arm'] },
  armv6: { cpu: ['arm'] },
  armv7: { cpu: ['arm'] },
  ia32: { cpu: ['ia32'] },
  ppc64: { cpu: ['ppc64'] },
  ppc64le: { cpu: ['ppc64'] },
  riscv64: { cpu: ['riscv64'] },
  s390x: { cpu: ['s390x'] },
  loong64: { cpu: ['loong64'] },
  mips64el: { cpu: ['mips64el'] },
  wasm32: { cpu: ['wasm32'] },
  gnu: { libc: ['glibc'] },
  gnueabihf: { libc: ['glibc'] },
  musl: { libc: ['musl'] },
  musleabihf: { libc: ['musl'] },
}

/** `undefined`: its name says nothing of a platform. */
export function platformOfName(name: string): LayerOnly | undefined {
  const only: LayerOnly = {}
  for (const word of name.toLowerCase().split(/[^a-z0-9]+/)) Object.assign(only, words[word])
  return Object.keys(only).length === 0 ? undefined : only
}
