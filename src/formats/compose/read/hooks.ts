import type { Hook } from "../../../model/container-values.ts";
import { type FactList, isOpen, set, valueOr } from "../../../model/fact.ts";
import { at, get, itemsOf, type Node, originOf } from "../yaml/node.ts";
import { booleanFact, textFact } from "./facts.ts";

/**
 * The commands that docker compose runs in the service's container by itself: when it starts, before it stops, and when
 * `docker compose watch` sees a change (https://docs.docker.com/compose/how-tos/lifecycle/).
 */
export function readHooks(service: Node): FactList<Hook> {
  return [
    ...["pre_start", "post_start", "pre_stop"].flatMap((key) =>
      itemsOf(get(service, key)).map((hook) => readHook(key, hook)),
    ),
    ...itemsOf(at(service, "develop", "watch")).flatMap((rule) => {
      const hook = get(rule, "exec");
      return hook ? [readHook("develop.watch.exec", hook)] : [];
    }),
  ];
}

/** It stands at what raises it, or else where it begins. */
function readHook(key: string, hook: Node): FactList<Hook>[number] {
  const privileged = booleanFact(get(hook, "privileged"));
  const user = textFact(get(hook, "user"));
  if (isOpen(privileged)) return privileged;
  if (isOpen(user)) return user;
  const value = { key, privileged: valueOr(privileged, false), user: valueOr(user, "") };
  const raised = value.privileged ? get(hook, "privileged") : get(hook, "user");
  return set(value, originOf(raised ?? hook));
}
