export default (x: number): number => x * 2
