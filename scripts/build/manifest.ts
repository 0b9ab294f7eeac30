/**
 * The package.json that is published: the workspace's, with `publishConfig` over it (where pnpm and Yarn look for the
 * same), without what only the workspace needs. It has no dependencies: they are in the bundles.
 */
interface WorkspaceManifest {
  [field: string]: unknown
  scripts: Record<string, string>
  publishConfig: object
}

const ofTheWorkspace = ['private', 'dependencies', 'devDependencies', 'publishConfig']

export function publishedManifest(workspace: WorkspaceManifest): object {
  const kept = Object.entries(workspace).filter(([field]) => !ofTheWorkspace.includes(field))
  const { prepack, postpack } = workspace.scripts
  // Those two so that npm runs them again where it died in between (see `pack.ts`); it never does where it installs.
  return { ...Object.fromEntries(kept), scripts: { prepack, postpack }, ...workspace.publishConfig }
}
