/** How many times longer than usual a test waits: BULKHEAD_SLOWNESS, for a machine without hardware help (scripts/kernels). */
export const slowness = Number(process.env.BULKHEAD_SLOWNESS ?? "1");
