import type { Command } from "commander";

/** Declares what `bulkhead install-plugin` takes: nothing. */
export function addInstallPluginOptions(command: Command): Command {
  return command
    .summary("make docker bulkhead … work")
    .description(
      "Put a plugin of the docker CLI into ~/.docker/cli-plugins (or $DOCKER_CONFIG/cli-plugins), so that docker bulkhead … does what bulkhead … does. Delete the file docker-bulkhead there to take it away.",
    )
    .addHelpText(
      "after",
      `
Examples:
  bulkhead install-plugin
  docker bulkhead run -d --name web nginx

Exit status:
  0  it is there
  2  it could not be written, or another file has its name`,
    );
}
