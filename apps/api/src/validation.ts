/**
 * Checks requests against the schemas of their routes, with Ajv. It is loaded and compiles at the first request that
 * needs it: Fastify's own way would do both, and load a serializer, before the api listens (60 ms).
 */
import { BurlaError, isJobId } from '@burla/protocol'
import type { FastifySchemaValidationError } from 'fastify'
import type { Ajv, ValidateFunction } from 'ajv'

type Validators = { strict: Ajv; coercing: Ajv }
let validators: Promise<Validators> | undefined

/** Loads what the first request needs. */
export async function loadValidators(): Promise<Validators> {
  validators ??= import('ajv').then(({ Ajv }) => {
    const options = { useDefaults: true, allowUnionTypes: true, formats: { 'job-id': isJobId } }
    // All that a query has is text; a body has types, and is taken at its word.
    return { strict: new Ajv(options), coercing: new Ajv({ ...options, coerceTypes: true }) }
  })
  return validators
}

/** Fastify asks for one check per part (`body`, `params`, `querystring`) of each route. */
export function lazyValidation({ schema, httpPart }: { schema: object; httpPart?: string }) {
  let compiled: Promise<ValidateFunction> | undefined
  return async (data: unknown): Promise<{ value: unknown } | { error: FastifySchemaValidationError[] }> => {
    compiled ??= loadValidators().then(({ strict, coercing }) =>
      (httpPart === 'querystring' ? coercing : strict).compile(schema),
    )
    const validate = await compiled
    return validate(data) ? { value: data } : { error: validate.errors as FastifySchemaValidationError[] }
  }
}

/** `body.call.cpus must be > 0` */
export function describeFault(errors: FastifySchemaValidationError[], part: string): BurlaError {
  const fault = errors[0]
  if (fault === undefined) return new BurlaError('OPTION_INVALID', `${part} is not valid`)
  const at = part + fault.instancePath.split('/').map(asProperty).join('')
  const { additionalProperty, missingProperty, propertyName, format } = fault.params as Record<string, string>
  const sentence =
    additionalProperty !== undefined
      ? `${at}${asProperty(additionalProperty)} does not exist`
      : missingProperty !== undefined
        ? `${at}${asProperty(missingProperty)} is missing`
        : propertyName !== undefined
          ? `${at} has a name that cannot be used: ${JSON.stringify(propertyName)}`
          : format !== undefined
            ? `${at} must be a ${format.replace('-', ' ')}`
            : `${at} ${fault.message ?? 'is not valid'}`
  return new BurlaError('OPTION_INVALID', sentence)
}

function asProperty(name: string): string {
  if (name === '') return ''
  const plain = name.replaceAll('~1', '/').replaceAll('~0', '~')
  return /^[A-Za-z_$][\w$]*$/.test(plain) ? `.${plain}` : `[${JSON.stringify(plain)}]`
}
