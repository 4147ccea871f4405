/** Milliseconds: a host that nothing was heard of for so long is silent. */
export const silentAfter = 5 * 60_000;
