import { expect, it } from "vitest";
import { syscallNumber } from "../../prove/helper/syscalls.ts";
import { kernelAdvisories } from "../advisories/kernel.ts";
import { runtimeAdvisories } from "../advisories/runtime.ts";
import { kernelInterfaces } from "./table.ts";

const asks = kernelInterfaces.flatMap((row) => row.asks);

it("names each interface and each question once", () => {
  for (const names of [kernelInterfaces.map(({ id }) => id), asks.map(({ what }) => what)])
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
});

it("dates each advisory, with an address", () => {
  for (const { published, references } of kernelInterfaces.flatMap(({ advisories }) => advisories)) {
    expect(new Date(published).toISOString().slice(0, 10)).toBe(published);
    expect(references[0]).toMatch(/^https:\/\//);
  }
});

it("asks by calls that an architecture has, and looks back only", () => {
  for (const { calls } of asks) {
    for (const [at, [name, ...given]] of calls.entries()) {
      const abi = name === "socketcall" ? "i386" : "native";
      expect(syscallNumber(name, abi, "x86_64"), name).toBeDefined();
      for (const argument of given)
        if (typeof argument === "object" && "resultOf" in argument)
          expect(argument.resultOf).toBeLessThan(at);
    }
  }
});

it("lets an advisory stand behind each interface that bulkhead profile closes by itself", () => {
  const asked = kernelInterfaces.filter(({ isAsked }) => isAsked);
  expect(asked.map(({ id }) => id)).toEqual(["socket-rxrpc", "socket-rds", "socket-tipc"]);
  expect(asked.filter(({ advisories }) => advisories.length === 0)).toEqual([]);
});

it("has a row for each interface that an advisory names", () => {
  const rows = new Set(kernelInterfaces.map(({ id }) => id));
  const named = [...kernelAdvisories, ...runtimeAdvisories].flatMap(({ interfaces }) => interfaces);
  expect(named.filter((id) => !rows.has(id))).toEqual([]);
  expect(kernelAdvisories.filter(({ interfaces }) => interfaces.length === 0)).toEqual([]);
});
