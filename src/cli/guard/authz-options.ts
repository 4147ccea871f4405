import type { Command } from "commander";
import { addServiceOptions, type GuardServiceOptions } from "./options.ts";

/** What `bulkhead guard authz` takes, as commander gives it. */
export interface AuthzOptions extends GuardServiceOptions {
  readonly listen: string;
}

const socket = "unix:///run/docker/plugins/bulkhead.sock";

/** Declares the options without loading what they need. */
export function addAuthzOptions(command: Command): Command {
  return addServiceOptions(
    command
      .summary("the guard as an authorization plugin in dockerd")
      .description(
        "Judge every request as an authorization plugin of dockerd. Start it before dockerd, and dockerd with --authorization-plugin=bulkhead. A plugin cannot change requests: it denies what the proxy would harden, and names the flags to add.",
      )
      .option(
        "--listen <address>",
        `where dockerd looks for it (default: ${socket}); the socket's name is the plugin's`,
        socket,
      ),
  ).addHelpText("after", epilogue);
}

const epilogue = `
Signals:
  SIGHUP   reads bulkhead.yaml again (a wrong one changes nothing), opens the
           log anew, writes what was learnt
  SIGTERM  answers what was asked, and ends

While it does not run, dockerd refuses every request.

Examples:
  bulkhead guard authz --log /var/log/bulkhead.jsonl
  dockerd --authorization-plugin=bulkhead

Exit status:
  0  ended by SIGTERM or SIGINT
  2  wrong use, a wrong bulkhead.yaml, or an address that is taken`;
