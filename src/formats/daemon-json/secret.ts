/**
 * Whether an option's value may hold a credential: a token of a log driver, or a URL with a password, as proxies and
 * mirrors have.
 */
export function mayBeSecret(name: string, value: string): boolean {
  return /token|secret|passw|credential|access-?key|api-?key/i.test(name) || /:\/\/[^/@\s]+@/.test(value);
}
