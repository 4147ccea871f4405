import { recordAt, textsOf } from "../../base/json.ts";
import { escapePointer, field, type JsonNode, path } from "../../formats/create-request/json.ts";
import type { ListenAddress } from "../../model/engine.ts";
import { type FactList, set } from "../../model/fact.ts";

/**
 * The TCP addresses that the Engine warns of in `Warnings` (moby: daemon/info.go, fillAPIInfo): those without TLS and
 * those that let any client in. It keeps silent about mutual TLS.
 */
export function warnedAddresses(info: JsonNode): FactList<ListenAddress> {
  const { value, pointer } = field(info, "Warnings");
  return textsOf(value).flatMap((warning, index) => {
    const match =
      /API is accessible on (https?:\/\/)?(\S+) without (encryption|TLS client verification)/.exec(warning);
    if (!match) return [];
    const [, , address = "", missing] = match;
    const tls = missing === "encryption" ? "none" : "server";
    return [
      set({ address: `tcp://${address.replace(/[.,]$/, "")}`, tls }, { pointer: `${pointer}/${index}` }),
    ];
  });
}

/** What dockerd adds by itself. */
const always = ["127.0.0.0/8", "::1/128"];

/** Registries that are trusted without TLS: addresses (`InsecureRegistryCIDRs`) and names (`IndexConfigs`). */
export function insecureRegistries(info: JsonNode): FactList<string> {
  const ranges = path(info, "RegistryConfig", "InsecureRegistryCIDRs");
  const names = path(info, "RegistryConfig", "IndexConfigs");
  return [
    ...textsOf(ranges.value).flatMap((range, index) =>
      always.includes(range) ? [] : [set(range, { pointer: `${ranges.pointer}/${index}` })],
    ),
    ...Object.entries(recordAt(names.value)).flatMap(([name, index]) =>
      recordAt(index).Secure === false
        ? [set(name, { pointer: `${names.pointer}/${escapePointer(name)}/Secure` })]
        : [],
    ),
  ];
}
