export async function readLiveEngine(..._: unknown[]): Promise<any> {
  return { live: undefined, gaps: [], notes: [] };
}
