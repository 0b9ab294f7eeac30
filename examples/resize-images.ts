/**
 * A folder of images, some of them damaged, made smaller with a native package (`sharp`). `settle` gives an outcome for
 * every file: what is damaged is data, not the end of the job.
 */
import sharp from 'sharp'
import { burla } from 'burla'

interface Picture {
  name: string
  bytes: Buffer
}

const corpus = await Promise.all(Array.from({ length: 40 }, (_, at) => picture(at)))

const settled = await burla.settle(
  async ({ name, bytes }: Picture) => {
    const { data, info } = await sharp(bytes).resize({ width: 160 }).webp().toBuffer({ resolveWithObject: true })
    return { name: name.replace('.jpg', '.webp'), width: info.width, height: info.height, bytes: data }
  },
  corpus,
  { name: 'resize' },
)

const before = corpus.reduce((sum, { bytes }) => sum + bytes.length, 0)
const made = settled.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
const after = made.reduce((sum, { bytes }) => sum + bytes.length, 0)
console.log(`${made.length} images made smaller: ${before >> 10} KiB to ${after >> 10} KiB`)
for (const outcome of settled) {
  if (outcome.status === 'fulfilled') continue
  const [reason] = (outcome.reason as Error).message.split('\n')
  console.log(`${corpus[outcome.index]!.name}: ${reason}`)
}

/** Every thirteenth one was cut off in the middle of its head. */
async function picture(at: number): Promise<Picture> {
  const background = { r: (at * 37) % 256, g: (at * 91) % 256, b: (at * 53) % 256 }
  const noise = { type: 'gaussian', mean: 128, sigma: 20 } as const
  const grain = await sharp({ create: { width: 640, height: 480, channels: 3, background, noise } })
    .png()
    .toBuffer()
  const bytes = await sharp({ create: { width: 640, height: 480, channels: 3, background } })
    .composite([{ input: grain, blend: 'soft-light' }])
    .jpeg()
    .toBuffer()
  return { name: `picture-${at}.jpg`, bytes: at % 13 === 12 ? bytes.subarray(0, 100) : bytes }
}
