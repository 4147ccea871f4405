/** Cookies of one run, by service: each run makes sessions of its own. */
export type CookieJar = Map<string, Map<string, string>>;

export function cookiesFor(jar: CookieJar, service: string): Readonly<Record<string, string>> {
  const own = [...(jar.get(service) ?? [])].map(([name, value]) => `${name}=${value}`);
  return own.length > 0 ? { cookie: own.join("; ") } : {};
}

export function keepCookies(jar: CookieJar, service: string, set: readonly string[]): void {
  const own = jar.get(service) ?? new Map<string, string>();
  jar.set(service, own);
  for (const line of set) {
    const [, name = "", value = ""] = /^\s*([^=;]+)=([^;]*)/.exec(line) ?? [];
    if (name === "") continue;
    if (value === "" || /;\s*max-age\s*=\s*-?0\b/i.test(line)) own.delete(name);
    else own.set(name, value);
  }
}
