/** The text of a file, as esbuild (scripts/build.mjs) and vitest load it. */
declare module "*?raw" {
  const text: string;
  export default text;
}
