import { isRecord } from "../../base/json.ts";
import type { BlkioDeviceLimit, Device, Ulimit } from "../../model/container-values.ts";
import {
  type Fact,
  type FactList,
  firstOpen,
  type SetFact,
  set,
  setItems,
  type UnresolvedFact,
} from "../../model/fact.ts";
import { broken, field, integerFact, type JsonNode, listFact, stringFact, stringList } from "./json.ts";

/** `Devices` (`--device`) and the devices that `DeviceRequests` ask a driver for (CDI names, `--gpus`). */
export function readDevices(hostConfig: JsonNode): FactList<Device> {
  return [
    ...listFact(field(hostConfig, "Devices"), readDevice),
    ...listFact(field(hostConfig, "DeviceRequests"), namesOfCdi).flatMap((item) =>
      item.state === "set" ? item.value : [item],
    ),
  ];
}

function readDevice(item: JsonNode): SetFact<Device> | UnresolvedFact {
  return object(item, (text) => {
    const hostPath = text("PathOnHost");
    if (hostPath === undefined) return "the device has no path on the host";
    return {
      hostPath,
      containerPath: text("PathInContainer") ?? hostPath,
      permissions: text("CgroupPermissions") ?? "",
    };
  });
}

/** A request for several devices by their CDI names is one for each. */
function namesOfCdi(item: JsonNode): SetFact<FactList<Device>> | UnresolvedFact {
  const whole = readRequest(item);
  const driver = stringFact(field(item, "Driver"));
  if (whole.state !== "set" || driver.state !== "set" || driver.value !== "cdi") {
    return whole.state === "set" ? set([whole]) : whole;
  }
  const names = setItems(stringList(field(item, "DeviceIDs"))).map(({ value }) => value);
  const devices = names.map((name): SetFact<Device> => {
    const value = { hostPath: name, containerPath: name, permissions: "rwm" };
    return set(value, { pointer: item.pointer });
  });
  return set(devices.length > 0 ? devices : [whole]);
}

/**
 * A request names its devices by CDI (`vendor.com/class=name`) or by what they can do; `--gpus all` is a request for
 * the capability gpu, here `gpu=all`.
 */
function readRequest(item: JsonNode): SetFact<Device> | UnresolvedFact {
  if (!isRecord(item.value)) return broken(item, `${item.name} is not an object`);
  const ids = stringList(field(item, "DeviceIDs"));
  const driver = stringFact(field(item, "Driver"));
  const count = integerFact(field(item, "Count"));
  const alternatives = listFact<string>(field(item, "Capabilities"), (alternative) => {
    const names = stringList(alternative);
    return (
      firstOpen(names) ??
      set(
        setItems(names)
          .map((name) => name.value)
          .join(","),
      )
    );
  });
  const wrong = firstOpen([...ids, ...alternatives]) ?? [driver, count].find(isUnresolved);
  if (wrong) return broken(item, wrong.reason);
  const names = setItems(ids).map((id) => id.value);
  const isCdi = driver.state === "set" && driver.value === "cdi";
  const number = count.state === "set" && count.value > 0 ? String(count.value) : "all";
  const chosen = names.length > 0 ? names.join(",") : number;
  const kind = setItems(alternatives)[0]?.value || (driver.state === "set" ? driver.value : "device");
  const hostPath = isCdi ? names.join(",") : `${kind}=${chosen}`;
  return set({ hostPath, containerPath: hostPath, permissions: "rwm" }, { pointer: item.pointer });
}

export function readUlimits(hostConfig: JsonNode): FactList<Ulimit> {
  return listFact(field(hostConfig, "Ulimits"), (item) =>
    object(item, (text, integer) => {
      const name = text("Name");
      return name === undefined
        ? "the ulimit has no name"
        : { name, soft: integer("Soft"), hard: integer("Hard") };
    }),
  );
}

const blkioLists = [
  ["BlkioWeightDevice", "weight", "Weight"],
  ["BlkioDeviceReadBps", "read-bps", "Rate"],
  ["BlkioDeviceWriteBps", "write-bps", "Rate"],
  ["BlkioDeviceReadIOps", "read-iops", "Rate"],
  ["BlkioDeviceWriteIOps", "write-iops", "Rate"],
] as const;

export function readBlkioDevices(hostConfig: JsonNode): FactList<BlkioDeviceLimit> {
  return blkioLists.flatMap(([list, kind, value]) =>
    listFact(field(hostConfig, list), (item) =>
      object(item, (text, integer) => {
        const path = text("Path");
        return path === undefined ? "the limit names no device" : { kind, path, rate: integer(value) };
      }),
    ),
  );
}

/**
 * Reads an item that is an object of strings and integers. `make` gives what is missing in words, or the value; a
 * member of a wrong type makes the whole item unresolved.
 */
function object<T extends object>(
  item: JsonNode,
  make: (text: (name: string) => string | undefined, integer: (name: string) => number) => T | string,
): SetFact<T> | UnresolvedFact {
  if (!isRecord(item.value)) return broken(item, `${item.name} is not an object`);
  const facts: Fact<unknown>[] = [];
  const noted = <F extends Fact<unknown>>(fact: F): F => {
    facts.push(fact);
    return fact;
  };
  const made = make(
    (name) => {
      const fact = noted(stringFact(field(item, name)));
      return fact.state === "set" ? fact.value : undefined;
    },
    (name) => {
      const fact = noted(integerFact(field(item, name)));
      return fact.state === "set" ? fact.value : 0;
    },
  );
  const wrong = facts.find(isUnresolved);
  if (wrong) return broken(item, wrong.reason);
  return typeof made === "string" ? broken(item, made) : set(made, { pointer: item.pointer });
}

function isUnresolved(fact: Fact<unknown>): fact is UnresolvedFact {
  return fact.state === "unresolved";
}
