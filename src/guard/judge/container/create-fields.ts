import { isRecord } from "../../../base/json.ts";
import { byCheck, byControls, eachOf, type Fields, harmless, judgedBy, within } from "../fields.ts";
import { checkImageUse } from "../image/use.ts";
import { labelled } from "../policy/owner.ts";
import { against } from "../policy/rules.ts";
import { judgeRun } from "./existing.ts";

const program = "what runs in the container is the client's own business";
const answered = "the Engine says it, and does not read it";

/** How every field of an EndpointSettings is judged (moby: api/types/network/endpoint.go). */
export const endpointFields: Fields = {
  IPAMConfig: harmless("an address out of the network's own range"),
  Links: harmless("further names of containers on the same network, without their environment"),
  Aliases: harmless("names of its own on the network"),
  MacAddress: harmless("an address on the network"),
  DriverOpts: byCheck((value, { policy }) =>
    against(
      policy,
      "endpoint-option",
      `hands the network driver options (${Object.keys(isRecord(value) ? value : {}).join(", ")}), which reach past the check of sysctls`,
    ),
  ),
  GwPriority: harmless("which of its networks is its way out"),
  NetworkID: harmless(answered),
  EndpointID: harmless(answered),
  Gateway: harmless(answered),
  IPAddress: harmless(answered),
  IPPrefixLen: harmless(answered),
  IPv6Gateway: harmless(answered),
  GlobalIPv6Address: harmless(answered),
  GlobalIPv6PrefixLen: harmless(answered),
  DNSNames: harmless(answered),
};

/** How every field at the top of a create request is judged (moby: api/types/container/config.go). */
export const createFields: Fields = {
  Hostname: harmless("a name of the container's own UTS namespace"),
  Domainname: harmless("a name of the container's own UTS namespace"),
  User: byControls,
  AttachStdin: harmless("what the client attaches to"),
  AttachStdout: harmless("what the client attaches to"),
  AttachStderr: harmless("what the client attaches to"),
  ExposedPorts: harmless("a note of which ports listen"),
  Tty: harmless("a terminal of its own"),
  OpenStdin: harmless("what the client attaches to"),
  StdinOnce: harmless("what the client attaches to"),
  Env: harmless(program),
  Cmd: harmless(program),
  Healthcheck: harmless(program),
  ArgsEscaped: harmless("Windows alone reads it"),
  Image: judgedBy(checkImageUse),
  Volumes: harmless("anonymous volumes of the local driver"),
  WorkingDir: harmless(program),
  Entrypoint: harmless(program),
  NetworkDisabled: harmless("no network at all"),
  MacAddress: harmless("an address on a bridge of the Engine's own"),
  OnBuild: harmless("words for a build that starts from its image"),
  Labels: judgedBy(labelled),
  StopSignal: harmless(program),
  StopTimeout: harmless("how long it is waited for"),
  Shell: harmless(program),
  HostConfig: judgedBy(judgeRun),
  NetworkingConfig: within({ EndpointsConfig: eachOf(endpointFields) }),
};
