import { limits as compared, type Limit } from "../../controls/cgroups/limits.ts";
import type { Container } from "../../model/container.ts";
import { valueOr } from "../../model/fact.ts";
import type { LimitChange } from "../change.ts";

/** What `docker update` can change of a container, with the control that judges it. */
const limits = compared.filter(
  (limit): limit is Limit & { readonly control: string } => limit.control !== undefined,
);

/** The fields of a difference that `docker update` can bring about. */
export const limitFields: ReadonlySet<string> = new Set(limits.map(({ field }) => field));

/** What the Engine says of these, to be compared with what it said before. */
export function limitsOf(container: Container): string {
  const facts = limits.flatMap((limit) => limit.facts.map((field) => container[field]));
  return facts.map((fact) => valueOr<unknown, string>(fact, "")).join(" ");
}

/** Which limits are others than before. */
export function changedLimits(before: Container, after: Container): readonly LimitChange[] {
  return limits.flatMap(({ field, amountIn, say }) => {
    const [was, is] = [amountIn(before), amountIn(after)].map((amount) =>
      amount === undefined ? none : say(amount),
    );
    return was === undefined || is === undefined || was === is ? [] : [{ field, before: was, after: is }];
  });
}

const none = "no limit";

/** A limit that is higher than before, and still one, with the control that judges it. */
export interface Loosened extends LimitChange {
  readonly control: string;
}

/** Which limits are higher than before and still limits. */
export function loosenedLimits(before: Container, after: Container): readonly Loosened[] {
  return changedLimits(before, after).flatMap((change): readonly Loosened[] => {
    const limit = limits.find(({ field }) => field === change.field);
    const [was, is] = [limit?.amountIn(before), limit?.amountIn(after)];
    const isLooser = was !== undefined && is !== undefined && is > was;
    return limit && isLooser ? [{ ...change, control: limit.control }] : [];
  });
}
