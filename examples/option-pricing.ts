/**
 * Monte Carlo: the price of a European call option, from 4 million simulated prices in 40 calls. The function is an
 * arrow in the middle of the program; its constants and helpers go with it. Checked against the closed formula
 * (F. Black, M. Scholes, The Pricing of Options and Corporate Liabilities, 1973).
 */
import { burla } from 'burla'

const option = { spot: 100, strike: 105, rate: 0.03, volatility: 0.2, years: 1 }
const pathsPerCall = 100_000

/** Uniform in [0, 1), the same for the same seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Standard normal, by the method of Box and Muller. */
function normalNumbers(random: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

const discount = Math.exp(-option.rate * option.years)
const drift = (option.rate - option.volatility ** 2 / 2) * option.years
const spread = option.volatility * Math.sqrt(option.years)

const sums = await burla.map(
  (seed: number) => {
    const normal = normalNumbers(randomNumbers(seed))
    let sum = 0
    let squares = 0
    for (let path = 0; path < pathsPerCall; path++) {
      const price = option.spot * Math.exp(drift + spread * normal())
      const payoff = discount * Math.max(0, price - option.strike)
      sum += payoff
      squares += payoff ** 2
    }
    return { sum, squares }
  },
  Array.from({ length: 40 }, (_, call) => call + 1),
  { name: 'price-option' },
)

const paths = sums.length * pathsPerCall
const mean = sums.reduce((total, { sum }) => total + sum, 0) / paths
const variance = sums.reduce((total, { squares }) => total + squares, 0) / paths - mean ** 2
const standardError = Math.sqrt(variance / paths)
const exact = closedFormula()
console.log(
  `${paths.toLocaleString('en')} paths: ${mean.toFixed(4)} ± ${standardError.toFixed(4)}; the formula says ${exact.toFixed(4)}`,
)
if (Math.abs(mean - exact) > 4 * standardError) throw new Error('that is too far off')

function closedFormula(): number {
  const above = (Math.log(option.spot / option.strike) + drift) / spread
  return option.spot * normalShare(above + spread) - option.strike * discount * normalShare(above)
}

/** The share of a standard normal distribution below `x`, by Simpson's rule over its density. */
function normalShare(x: number): number {
  const steps = 2_000
  const width = x / steps
  let sum = 0
  for (let step = 0; step <= steps; step++) {
    const weight = step === 0 || step === steps ? 1 : step % 2 === 1 ? 4 : 2
    sum += weight * Math.exp(-((step * width) ** 2) / 2)
  }
  return 0.5 + (sum * width) / 3 / Math.sqrt(2 * Math.PI)
}
