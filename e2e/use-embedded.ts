import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { burla } from 'burla'
import { configureEmbedded } from 'burla/internal'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'

export interface TestEmbedded {
  /** what functions see as `shared/` */
  readonly sharedDir: string
  /** Nodes and slots of the next embedded cluster; one node of two slots where nothing is said. */
  shape(nodes: number, cpusPerNode: number): void
}

/** An embedded cluster for the whole test file or a new one for each test, started by the first job and gone after. */
export function useEmbedded(per: 'file' | 'test'): TestEmbedded {
  let sharedDir = ''
  const shape = (nodes: number, cpusPerNode: number) => configureEmbedded({ nodes, cpusPerNode, sharedDir })
  const before = () => {
    sharedDir = mkdtempSync(join(tmpdir(), 'burla-shared-'))
    shape(1, 2)
  }
  const after = async () => {
    await burla.close()
    rmSync(sharedDir, { recursive: true, force: true })
  }
  if (per === 'file') {
    beforeAll(before)
    afterAll(after)
  } else {
    beforeEach(before)
    afterEach(after)
  }
  return {
    get sharedDir() {
      return sharedDir
    },
    shape,
  }
}
