/** Asks an Engine for a sign of life, which it gives with its version. */
export const ping = "GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n";

/** The API version in an Engine's answer; undefined if no Engine answered. */
export function versionIn(answer: string): string | undefined {
  return /^Api-Version: *([\d.]+)/im.exec(answer)?.[1];
}
