/**
 * The package.json that is published: the workspace's, with `publishConfig` over it (where pnpm and Yarn look for the
 * same), without what only the workspace needs. It has no dependencies: they are in the bundles.
 */
interface WorkspaceManifest {
  [field: string]: unknown
  publishConfig: object
}

const ofTheWorkspace = ['private', 'scripts', 'dependencies', 'devDependencies', 'publishConfig']

export function publishedManifest(workspace: WorkspaceManifest): object {
  const kept = Object.entries(workspace).filter(([field]) => !ofTheWorkspace.includes(field))
  return { ...Object.fromEntries(kept), ...workspace.publishConfig }
}
