import type { Asker } from "../../log/entry.ts";
import { clientOfCertificate, type Policies } from "../../policy/policies.ts";
import type { ListenAddress } from "./listen-address.ts";

/** How a connection came in; what it may do is looked up at each request, for the policy may change in between. */
export interface Entrance {
  readonly at: Pick<ListenAddress, "address" | "client">;
  readonly certificateNames: readonly string[];
}

/**
 * Whose policy a connection is under: the client that its listener is for, else the one its certificate names, else the
 * default. Undefined where the listener's client is in the policy no more: then nothing is allowed.
 *
 * (Node has no way to ask who is at the other end of a unix socket, SO_PEERCRED. /proc says it of some processes some
 * of the time, which is no ground to decide on. So: one socket for each client, and its mode and owner.)
 */
export function askerOf({ at, certificateNames }: Entrance, policies: Policies): Asker | undefined {
  const listener = at.address;
  if (at.client !== undefined) {
    const client = policies.clients.find(({ name }) => name === at.client);
    return client && { client: client.name, listener, policy: client.policy };
  }
  for (const name of certificateNames) {
    const client = clientOfCertificate(policies, name);
    if (client) return { client: client.name, listener, policy: client.policy };
  }
  return { client: "default", listener, policy: policies.default };
}
