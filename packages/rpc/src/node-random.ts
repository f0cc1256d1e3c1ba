import type { Random } from "./ports.js";

/** The real chance, good enough to spread reconnects; nothing secret comes of it. */
export const nodeRandom: Random = { next: () => Math.random() };
