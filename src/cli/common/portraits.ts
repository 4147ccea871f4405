import type { Rules } from "../../audit/evaluate.ts";
import type { ConnectOptions } from "../../engine/connect/endpoint.ts";
import {
  openPortraits,
  type Portraits,
  type PortraitsOptions,
} from "../../fleet/agent/portrait/portraits.ts";
import type { KernelPlaces } from "../../watch/inventory/inventory.ts";

interface HostPortraits extends Pick<PortraitsOptions, "taken" | "say"> {
  readonly connect: ConnectOptions;
  readonly places: KernelPlaces;
  readonly rules: () => Rules;
}

/** Portraits of the Engine that a watch watches. */
export function portraitsOf({ connect, places, rules, taken, say }: HostPortraits): Portraits {
  return openPortraits({
    async take() {
      // The benchmark is loaded only by who shows it.
      const { takePortrait } = await import("../../fleet/agent/portrait/take.ts");
      return await takePortrait({ connect, places, rules: rules() });
    },
    taken,
    say,
  });
}
