export declare const root: string
export declare const node: string
export declare function ensureSetup(): void
export declare function staleBecause(folder?: string): string | undefined
