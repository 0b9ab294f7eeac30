export { encodeValue } from './encode.ts'
export { decodeValue } from './decode.ts'
