/**
 * Checks requests against the schemas of their routes, with Ajv. It is loaded and compiles at the first request that
 * needs it: Fastify's own way would do both, and load a serializer, before the api listens (60 ms).
 */
import { createRequire } from 'node:module'
import { BurlaError, isJobId } from '@burla/protocol'
import type { FastifySchemaValidationError } from 'fastify'
import type * as AjvModule from 'ajv'

interface Validators {
  strict: AjvModule.Ajv
  coercing: AjvModule.Ajv
}

/** Fastify takes no result of a check that comes later, so Ajv is loaded at once, by `require`. */
const require = createRequire(import.meta.url)
let validators: Validators | undefined

/** Can be called early, when there is nothing else to do. */
export function loadValidators(): Validators {
  if (validators) return validators
  const { Ajv } = require('ajv') as typeof AjvModule
  const options = { useDefaults: true, allowUnionTypes: true, formats: { 'job-id': isJobId } }
  // All that a query has is text; a body has types, and is taken at its word.
  return (validators = { strict: new Ajv(options), coercing: new Ajv({ ...options, coerceTypes: true }) })
}

/** Fastify asks for one check per part (`body`, `params`, `querystring`) of each route. */
export function lazyValidation({ schema, httpPart }: { schema: object; httpPart?: string }) {
  let validate: AjvModule.ValidateFunction | undefined
  return (data: unknown): { value: unknown } | { error: FastifySchemaValidationError[] } => {
    validate ??= loadValidators()[httpPart === 'querystring' ? 'coercing' : 'strict'].compile(schema)
    return validate(data) ? { value: data } : { error: validate.errors as FastifySchemaValidationError[] }
  }
}

/** `body.call.cpus must be > 0` */
export function describeFault(errors: FastifySchemaValidationError[], part: string): BurlaError {
  const fault = errors.find(({ keyword }) => keyword === 'propertyNames') ?? errors[0]
  return new BurlaError('OPTION_INVALID', fault ? sentenceOf(fault, part) : `${part} is not valid`)
}

function sentenceOf({ instancePath, keyword, params, message }: FastifySchemaValidationError, part: string): string {
  const at = part + instancePath.split('/').slice(1).map(asProperty).join('')
  switch (keyword) {
    case 'additionalProperties':
      return `${at}${asProperty(String(params['additionalProperty']))} does not exist`
    case 'required':
      return `${at}${asProperty(String(params['missingProperty']))} is missing`
    case 'propertyNames':
      return `${at} has a name that cannot be used: ${JSON.stringify(params['propertyName'])}`
    case 'enum':
      return `${at} must be one of ${JSON.stringify(params['allowedValues'])}`
    case 'format':
      return `${at} must be a ${String(params['format']).replace('-', ' ')}`
    default:
      return `${at} ${message ?? 'is not valid'}`
  }
}

function asProperty(escaped: string): string {
  const name = escaped.replaceAll('~1', '/').replaceAll('~0', '~')
  if (/^\d+$/.test(name)) return `[${name}]`
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`
}
