/**
 * How a browser gets in without anybody typing the token, and without the token in an address, where histories and
 * process lists would keep it: whoever holds the token asks for a code, which is good once and not for long, and the
 * browser exchanges it for a cookie. The cookie only reads: a page of another server on this machine, which to browsers
 * is the same site, can neither make nor cancel jobs with it.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

export interface Sessions {
  newCode(): { code: string; expiresAt: number }
  /** The value of Set-Cookie; undefined when the code is unknown, used or too old. */
  begin(code: string): string | undefined
  /** Whether a Cookie header has a session of ours in it. */
  isIn(cookies: string | undefined): boolean
}

const codeLifeMs = 15 * 60_000
const sessionLifeMs = 7 * 24 * 60 * 60_000
const mostCodes = 100

export interface SessionsOptions {
  clusterKey: string
  tokenHash: string
  now?: () => number
}

/** Sessions outlive the api, as they are signed and not stored; codes do not. */
export function createSessions({ clusterKey, tokenHash, now = Date.now }: SessionsOptions): Sessions {
  const codes = new Map<string, number>()
  // Cookies know no ports: clusters of several users or ports on one host need names of their own.
  const name = `burla_${tokenHash.slice(0, 8)}`
  const sign = (expiresAt: string) =>
    createHmac('sha256', clusterKey).update(`session:${tokenHash}:${expiresAt}`).digest('base64url')

  function isValid(value: string): boolean {
    const [expiresAt = '', signature = ''] = value.split('.')
    const [given, expected] = [Buffer.from(signature), Buffer.from(sign(expiresAt))]
    return given.length === expected.length && timingSafeEqual(given, expected) && Number(expiresAt) > now()
  }

  return {
    newCode() {
      for (const [code, expiresAt] of codes) if (expiresAt <= now() || codes.size >= mostCodes) codes.delete(code)
      const code = randomBytes(20).toString('base64url')
      const expiresAt = now() + codeLifeMs
      codes.set(code, expiresAt)
      return { code, expiresAt }
    },
    begin(code) {
      const expiresAt = codes.get(code)
      codes.delete(code)
      if (expiresAt === undefined || expiresAt <= now()) return undefined
      const until = String(now() + sessionLifeMs)
      return `${name}=${until}.${sign(until)}; Path=/; Max-Age=${sessionLifeMs / 1000}; HttpOnly; SameSite=Strict`
    },
    isIn(cookies = '') {
      const own = cookies.split(/;\s*/).filter((cookie) => cookie.startsWith(`${name}=`))
      return own.some((cookie) => isValid(cookie.slice(name.length + 1)))
    },
  }
}
