import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { whyUnwritten } from "../base/error-words.ts";
import { failed, ok, type Result } from "../base/result.ts";
import { shellWords } from "../base/shell-words.ts";
import { createFile } from "../fix/apply.ts";

const mark = "# Written by bulkhead install-plugin.";

export interface PluginRequest {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** What runs bulkhead: Node and the program, or a launcher alone. */
  readonly command: readonly string[];
  readonly version: string;
}

/**
 * Puts `docker-bulkhead` where the docker CLI looks for a user's plugins; gives its path. A file of that name that is not
 * ours stays.
 *
 * @see https://docs.docker.com/extend/plugins_cli/ and cli/cli-plugins/manager of docker/cli
 */
export function installPlugin(request: PluginRequest): Result<string> {
  const folder = join(request.environment.DOCKER_CONFIG || join(request.home, ".docker"), "cli-plugins");
  const path = join(folder, "docker-bulkhead");
  try {
    if (existsSync(path) && !readFileSync(path, "utf8").includes(mark)) {
      return failed(`${path} is there, and is not bulkhead's own: move it away first`);
    }
    mkdirSync(folder, { recursive: true });
    const written = createFile(path, pluginScript(request));
    if (!written.ok) return failed(`${path} cannot be written: ${written.reason}`);
    chmodSync(path, 0o755);
    return ok(path);
  } catch (error) {
    return failed(`${path} cannot be written: ${whyUnwritten(error)}`);
  }
}

/**
 * What started this process: the launcher of a checkout, which builds anew where the sources changed, or Node; behind `--`
 * Node 20 takes no --env-file for itself.
 */
export function ownCommand(execPath: string, program: string): readonly string[] {
  const real = realpathSync(program);
  const launcher = join(dirname(dirname(real)), "bulkhead");
  return existsSync(launcher) ? [launcher] : [execPath, "--", real];
}

/** docker hands its own options on in front of the plugin's name; the environment says the same to bulkhead. */
function pluginScript({ command, version }: PluginRequest): string {
  const metadata = JSON.stringify({
    SchemaVersion: "0.1.0",
    Vendor: "bulkhead",
    Version: version,
    ShortDescription: "Audit and harden containers, files and the Engine",
  });
  return `#!/bin/sh
${mark}
if [ "\${1:-}" = docker-cli-plugin-metadata ]; then
  printf '%s\\n' ${shellWords([metadata])}
  exit 0
fi
while [ "$#" -gt 0 ]; do
  case $1 in
    bulkhead) shift; break ;;
    -H | --host) export DOCKER_HOST="\${2:-}"; shift ;;
    -H=* | --host=*) export DOCKER_HOST="\${1#*=}" ;;
    -c | --context) unset DOCKER_HOST; export DOCKER_CONTEXT="\${2:-}"; shift ;;
    -c=* | --context=*) unset DOCKER_HOST; export DOCKER_CONTEXT="\${1#*=}" ;;
    --config) export DOCKER_CONFIG="\${2:-}"; shift ;;
    --config=*) export DOCKER_CONFIG="\${1#*=}" ;;
    --tlsverify | --tlsverify=true) export DOCKER_TLS_VERIFY=1 ;;
    --tls | --tls=true) export DOCKER_TLS=1 ;;
    -l | --log-level) shift ;;
    -D | --debug | -l=* | --log-level=*) ;;
    *)
      printf 'bulkhead: docker %s cannot be handed on: say it by the environment\\n' "$1" >&2
      exit 2
      ;;
  esac
  shift
done
exec ${shellWords(command)} "$@"
`;
}
