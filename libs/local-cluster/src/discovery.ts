/** What programs load that only look for a cluster: it starts nothing. */
export { dataFolder, type DataFolder } from './staying/data-folder.ts'
export { discoverCluster, type FoundCluster } from './staying/discovery.ts'
