/** Put in by the build; a run from the sources has none. */
export const version = process.env.BULKHEAD_VERSION ?? "0.0.0-source";
