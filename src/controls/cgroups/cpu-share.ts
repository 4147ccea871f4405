import type { Container } from "../../model/container.ts";
import { valueOr } from "../../model/fact.ts";
import type { Context } from "../control.ts";
import { round } from "./amounts.ts";

/** What Docker gives a container that asks for nothing; 0 is "nothing asked". */
export const defaultShares = 1024;

export interface CpuShare {
  readonly name: string;
  readonly shares: number;
  /** Per cent of the CPU while every running container wants all it can get: shares over the sum of shares. */
  readonly percent: number;
}

export function sharesOf({ cpuShares }: Container): number {
  return valueOr(cpuShares, 0) || defaultShares;
}

/** Each running container's part of the CPU under full contention: 768 beside 256 is 75 % beside 25 %. */
export function cpuSharesOf(running: Context["running"]): readonly CpuShare[] {
  const each = running.map(({ subject, container }) => ({ name: subject.name, shares: sharesOf(container) }));
  const sum = each.reduce((total, { shares }) => total + shares, 0);
  return each.map(({ name, shares }) => ({ name, shares, percent: round((100 * shares) / sum) }));
}

/** The part of the one that is judged, where it is among those that run. */
export function cpuShareOf(container: Container, running: Context["running"]): CpuShare | undefined {
  const index = running.findIndex(
    (each) => each.container === container || each.subject.views.includes(container),
  );
  return cpuSharesOf(running)[index];
}
