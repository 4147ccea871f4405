import { homedir } from "node:os";
import { installPlugin, ownCommand } from "../../run/plugin.ts";
import { complain } from "../common/complain.ts";
import { version } from "../common/version.ts";

/** `bulkhead install-plugin`: from then on `docker bulkhead …` is `bulkhead …`. */
export function installDockerPlugin(): number {
  const path = installPlugin({
    environment: process.env,
    home: process.env.HOME ?? homedir(),
    command: ownCommand(process.execPath, process.argv[1] ?? ""),
    version,
  });
  if (!path.ok) return complain(path.reason);
  process.stdout.write(`${path.value} is there: docker bulkhead audit does what bulkhead audit does.\n`);
  return 0;
}
