/** For our own tests and benches; not part of the published package. */
export { configureEmbedded, inspectEmbedded } from './clusters/embedded.ts'
