/** Whether a file is a daemon.json by its name: dockerd reads no other, but copies have names such as `daemon.prod.json`. */
export function looksLikeDaemonJson(path: string): boolean {
  return /(?:^|[\\/])(?:docker[.-])?daemon(?:[.-][\w-]+)?\.json$/i.test(path);
}

/**
 * Whether a file is a systemd unit (or a drop-in of one) that runs dockerd, or the socket unit that hands it its socket.
 */
export function looksLikeDockerdUnit(path: string, text: string): boolean {
  return /\.(?:service|conf)$/.test(path) && /^ExecStart=.*\bdockerd\b/m.test(text);
}
