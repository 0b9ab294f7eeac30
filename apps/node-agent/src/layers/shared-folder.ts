/**
 * Layers of all nodes that see one folder. A layer appears there whole, by a rename, and never changes; its name is its
 * key, which nobody can list, so that a function finds the layers only of which it knows all packages.
 *
 *   <key>             a layer
 *   <key>.building    in which somebody makes it, and whose time its maker renews. One that is old was left by a killed maker
 */
import { access, mkdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { pause } from '@burla/queue'

const renewEveryMs = 2_000
const leftAfterMs = 15_000
const lookEveryMs = 200

/** The layer is there after this. `build` puts it into the folder that it is given, and is called where nobody else builds it. */
export async function haveLayer(
  folder: string,
  key: string,
  { build, signal }: { build: (into: string) => Promise<void>; signal: AbortSignal },
): Promise<void> {
  const [layer, building] = [join(folder, key), join(folder, `${key}.building`)]
  while (!(await exists(layer))) {
    signal.throwIfAborted()
    if (!(await begin(building))) {
      await pause(lookEveryMs, signal)
      continue
    }
    const renewing = setInterval(() => void touch(building), renewEveryMs)
    try {
      // Somebody may have finished it between two looks.
      if (await exists(layer)) return
      await build(join(building, 'layer'))
      await rename(join(building, 'layer'), layer)
    } finally {
      clearInterval(renewing)
      await rm(building, { recursive: true, force: true })
    }
  }
}

/** False: somebody else builds it. */
async function begin(building: string): Promise<boolean> {
  try {
    await mkdir(building)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const { mtimeMs } = await stat(building).catch(() => ({ mtimeMs: Date.now() }))
  if (Date.now() - mtimeMs > leftAfterMs) await rm(building, { recursive: true, force: true })
  return false
}

async function touch(building: string): Promise<void> {
  const now = new Date()
  await utimes(building, now, now).catch(() => undefined) // gone with the end of the building
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
