import { type Command, Option } from "commander";
import { addEngineOptions } from "../common/common-options.ts";

/** What `bulkhead reach` takes, as commander gives it. */
export interface ReachOptions {
  readonly format: "text" | "json";
  readonly output?: string;
  readonly all?: boolean;
  readonly run?: string;
  readonly host?: string;
  readonly context?: string;
  readonly proc: string;
  readonly cgroup: string;
}

/** Declares the options without loading what they need. */
export function addReachOptions(command: Command): Command {
  const chosen = command
    .summary("show which interfaces of the kernel a container reaches")
    .description(
      "Show which interfaces of the kernel a container reaches (socket families, io_uring, bpf, user namespaces and others), and which layer stops the rest. reach asks the kernel in a throw-away twin of a container; of a service or a docker run line it reads the profile and the capabilities. Asking for a socket family can load its kernel module, as any program in the container could.",
    )
    .argument("[subject]", "a container, an image, or a service as compose.yaml#web")
    .option("--run <line>", "a docker run line, read without asking the kernel")
    .option("--all", "list also what the kernel does not have")
    .addOption(
      new Option("--format <name>", "text (default) or json").choices(["text", "json"]).default("text"),
    )
    .option("-o, --output <path>", "write the report to a file");
  return addEngineOptions(chosen).addHelpText(
    "after",
    `
Examples:
  bulkhead reach web                    a throw-away twin of the container web
  bulkhead reach nginx:1.29             an image, as docker run starts it
  bulkhead reach compose.yaml#web       a service, as its file declares it
  bulkhead reach --run 'docker run --cap-drop ALL nginx'

Exit status:
  0  the container reaches no interface that Docker's newest profile or
     bulkhead profile closes, and that an advisory names
  1  it reaches one
  2  wrong use, or the kernel could not be asked`,
  );
}

/** What `bulkhead profile` takes. */
export interface ProfileOptions {
  readonly arch?: string;
  readonly output?: string;
}

/** Declares what `bulkhead profile` takes. */
export function addProfileOptions(command: Command): Command {
  return command
    .summary("write Docker's newest seccomp profile, for any Engine")
    .description(
      "Write Docker's newest default seccomp profile for an Engine of any version. It also closes the socket families that advisories ask to close, and it closes AF_ALG and AF_VSOCK more tightly than Docker's own does. 32-bit programs keep working.",
    )
    .addOption(
      new Option("--arch <name>", "only for this architecture (default: all of Docker's)").choices([
        ...["amd64", "arm64", "s390x", "riscv64", "loong64"],
      ]),
    )
    .option("-o, --output <path>", "write it to a file")
    .addHelpText(
      "after",
      `
Examples:
  bulkhead profile -o seccomp.json
  docker run --security-opt seccomp=seccomp.json nginx
  bulkhead profile -o /etc/docker/seccomp.json   with "seccomp-profile" in daemon.json`,
    );
}
