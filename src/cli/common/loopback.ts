/** Whether an address is this machine's own, so that what is sent there crosses no network. */
export function isLoopbackUrl({ hostname }: URL): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}
