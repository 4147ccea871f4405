import { isRecord, itemsOf, recordAt, textAt } from "../../../base/json.ts";
import {
  harmlessNetworkOptions,
  isLoopbackBinding,
  isPrivateRange,
} from "../../../model/host/network-options.ts";
import type { UnderstoodRequest } from "../../request/request.ts";
import { endpointFields } from "../container/create-fields.ts";
import { findNetwork } from "../container/create-names.ts";
import { withContainerInBody } from "../container/lifecycle.ts";
import { checkFields, saysNothing } from "../fields.ts";
import { labelled } from "../policy/owner.ts";
import { against } from "../policy/rules.ts";
import type { Reason } from "../result.ts";
import { type CheckContext, type CheckResult, merge } from "../route-check.ts";

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
          "network-options",
          `asks for the network driver ${driver}: its containers stand on the host's own interfaces, or where a plugin puts them`,
        )),
    ...(ipam === "" || ipam === "default"
      ? []
      : against(policy, "network-options", `asks for the address driver ${ipam}, which is a plugin`)),
    ...(body.Ingress === true || (scope !== "" && scope !== "local")
      ? against(policy, "guard-swarm", "makes a network of the swarm, which reaches its other machines")
      : []),
  ];
}

function optionReasons(body: Json, { policy }: CheckContext): readonly Reason[] {
  const options = isRecord(body.Options) ? body.Options : {};
  const opening = Object.entries(options)
    .filter(([name, value]) => !harmlessNetworkOptions.has(name) && !isLoopbackBinding(name, value))
    .map(([name]) => name);
  const from = textAt(body, "ConfigFrom", "Network") ?? "";
  const subnets = itemsOf(recordAt(body, "IPAM").Config)
    .flatMap((config) => [textAt(config, "Subnet"), textAt(config, "IPRange")])
    .filter((subnet) => subnet !== undefined && subnet !== "" && !isPrivateRange(subnet));
  const say = (message: string) => against(policy, "network-options", message);
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
