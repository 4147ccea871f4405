import { isRecord, itemsOf, recordAt, textAt } from "../../../base/json.ts";
import type { UnderstoodRequest } from "../../request/request.ts";
import { endpointFields } from "../container/create-fields.ts";
import { findNetwork } from "../container/create-names.ts";
import { withContainerInBody } from "../container/lifecycle.ts";
import { checkFields, saysNothing } from "../fields.ts";
import { labelled } from "../policy/owner.ts";
import { against } from "../policy/rules.ts";
import type { Reason } from "../result.ts";
import { type CheckContext, type CheckResult, merge } from "../route-check.ts";

/** Of the bridge driver, what concerns its containers alone. */
const harmlessOptions: ReadonlySet<string> = new Set([
  "com.docker.network.bridge.enable_icc",
  "com.docker.network.bridge.enable_ip_masquerade",
  "com.docker.network.container_iface_prefix",
  "com.docker.network.driver.mtu",
]);

/** `POST /networks/create`. */
export function checkNetworkCreate(request: UnderstoodRequest, context: CheckContext): CheckResult {
  const own = labelled(request.body, context);
  const body = recordAt({ body: own.body }, "body");
  return {
    request: own.body === request.body ? request : { ...request, body: own.body },
    reasons: [...own.reasons, ...driverReasons(body, context), ...optionReasons(body, context)],
  };
}

type Json = Readonly<Record<string, unknown>>;

function driverReasons(body: Json, { policy }: CheckContext): readonly Reason[] {
  const driver = textAt(body, "Driver") ?? "";
  const ipam = textAt(body, "IPAM", "Driver") ?? "";
  const scope = textAt(body, "Scope") ?? "";
  return [
    ...(driver === "" || driver === "bridge"
      ? []
      : against(
          policy,
          "guard-network-driver",
          `asks for the network driver ${driver}: its containers stand on the host's own interfaces, or where a plugin puts them`,
        )),
    ...(ipam === "" || ipam === "default"
      ? []
      : against(policy, "guard-network-driver", `asks for the address driver ${ipam}, which is a plugin`)),
    ...(body.Ingress === true || (scope !== "" && scope !== "local")
      ? against(policy, "guard-swarm", "makes a network of the swarm, which reaches its other machines")
      : []),
  ];
}

function optionReasons(body: Json, { policy }: CheckContext): readonly Reason[] {
  const options = isRecord(body.Options) ? body.Options : {};
  const opening = Object.entries(options)
    .filter(([name, value]) => !harmlessOptions.has(name) && !isLoopbackBinding(name, value))
    .map(([name]) => name);
  const from = textAt(body, "ConfigFrom", "Network") ?? "";
  const subnets = itemsOf(recordAt(body, "IPAM").Config)
    .flatMap((config) => [textAt(config, "Subnet"), textAt(config, "IPRange")])
    .filter((subnet) => subnet !== undefined && subnet !== "" && !isPrivate(subnet));
  const say = (message: string) => against(policy, "guard-network-options", message);
  return [
    ...(opening.length > 0
      ? say(`sets ${opening.join(", ")}: options of that kind name interfaces of the host or open its filter`)
      : []),
    ...(from !== "" || body.ConfigOnly === true
      ? say("takes its settings from a network that is configuration alone, whose options are not judged")
      : []),
    ...(saysNothing(recordAt(body, "IPAM").Options)
      ? []
      : say("sets options of the address driver, which are not known here")),
    ...subnets.flatMap((subnet) =>
      say(
        `takes the addresses ${subnet}, which are no private ones: the host would send what is for them to a container`,
      ),
    ),
  ];
}

function isLoopbackBinding(name: string, value: unknown): boolean {
  return name === "com.docker.network.bridge.host_binding_ipv4" && /^127\./.test(String(value));
}

/** RFC 1918, RFC 6598 and RFC 4193: what no machine of the internet has. */
function isPrivate(subnet: string): boolean {
  const [address = "", bits = ""] = subnet.split("/");
  const length = bits === "" ? 128 : Number(bits);
  if (/^10\./.test(address)) return length >= 8;
  if (/^172\.(?:1[6-9]|2\d|3[01])\./.test(address)) return length >= 12;
  if (/^192\.168\./.test(address)) return length >= 16;
  if (/^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(address)) return length >= 10;
  return /^f[cd][0-9a-f]{2}:/i.test(address) && length >= 7;
}

/** `POST /networks/{network}/connect`. */
export function checkNetworkConnect(request: UnderstoodRequest, context: CheckContext): CheckResult {
  const named = withContainerInBody(request, context);
  const endpoint = recordAt({ body: request.body }, "body", "EndpointConfig");
  return merge(named, {
    reasons: [
      ...findNetwork(request.params.network ?? "", context).reasons,
      ...checkFields(endpoint, endpointFields, context),
    ],
  });
}
