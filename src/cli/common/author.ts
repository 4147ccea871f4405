import { userInfo } from "node:os";

/** Who runs this command, for a record: `root`, or `root (sudo: alice)`. */
export function authorOf(environment: NodeJS.ProcessEnv = process.env): string {
  const name = userName();
  const behind = environment.SUDO_USER;
  return behind && behind !== name ? `${name} (sudo: ${behind})` : name;
}

/** A user without an entry in /etc/passwd has only a number. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
