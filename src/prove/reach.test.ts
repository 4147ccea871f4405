import { expect, it } from "vitest";
import { kernelInterfaces } from "../model/kernel-interfaces/table.ts";
import type { WayTried } from "./experiment/ways.ts";
import { certain, layersOf } from "./reach.ts";

const row = (id: string) => {
  const found = kernelInterfaces.find((each) => each.id === id);
  if (!found) throw new Error(id);
  return found;
};
const met = (error: string | undefined, layer?: string): WayTried => ({
  ...{ what: "socket(AF_LLC)", abi: "native", error },
  ...(layer !== undefined && { layer }),
});
const noRaw = met("EPERM", "no CAP_NET_RAW");
const filtered = met("EPERM", "seccomp");

/** What a container meets, what it meets without its filter, and what a privileged one meets. */
it.each([
  ["socket-llc", met("EAFNOSUPPORT"), met("EAFNOSUPPORT"), met("EAFNOSUPPORT"), ["kernel"]],
  // The capability is asked for before the kernel looks whether it has the family in this network.
  ["socket-llc", noRaw, noRaw, met("EAFNOSUPPORT"), ["kernel", "no CAP_NET_RAW"]],
  ["socket-llc", filtered, met("EAFNOSUPPORT"), met("EAFNOSUPPORT"), ["kernel", "seccomp"]],
  // What the credentials of one with a filter leave open, the same without it tells.
  ["socket-llc", met("EPERM", "seccomp or x"), met("EPERM", "x"), met("EAFNOSUPPORT"), ["kernel", "x"]],
  ["socket-llc", filtered, met(undefined), met(undefined), ["seccomp"]],
  ["socket-llc", noRaw, noRaw, met(undefined), ["no CAP_NET_RAW"]],
  ["socket-llc", met("EAFNOSUPPORT", "seccomp"), noRaw, met(undefined), ["seccomp", "no CAP_NET_RAW"]],
  ["socket-llc", filtered, undefined, met("EAFNOSUPPORT"), ["kernel", "seccomp"]],
] as const)(
  "%s: %o, without the filter %o, privileged %o, is stopped by %o",
  (id, here, bare, all, layers) => {
    expect(layersOf(row(id), here, bare, all)).toEqual(layers);
  },
);

const label = "docker-default (enforce)";
const either = met("EPERM", `user namespace or ${label}`);

it.each([
  [
    "the other layer, where it is the same without AppArmor",
    either,
    met("EPERM", "user namespace"),
    "user namespace",
  ],
  ["AppArmor, where it is let through without", either, met(undefined), label],
  ["AppArmor, where it meets another error without", either, met("EINVAL"), label],
  ["both, where nobody knows", either, undefined, `user namespace or ${label}`],
  ["permissions", met("EACCES", `permissions or ${label}`), met("EACCES", "permissions"), "permissions"],
  ["the only one", met("EPERM", "no CAP_BPF"), met(undefined), "no CAP_BPF"],
])("names %s", (_, way, unlabelled, layer) => {
  expect(certain(way, unlabelled)).toEqual({ ...way, layer });
});
