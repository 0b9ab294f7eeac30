import { burla } from 'burla'

const [first] = await burla.map((x: number) => x * 2, [21])
console.log(`first result ${first}`)
