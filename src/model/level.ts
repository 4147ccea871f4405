/** `declared`: a file says so. `configured`: the Engine API says so. `effective`: the kernel says so. */
export const levels = ["declared", "configured", "effective"] as const;

export type Level = (typeof levels)[number];
