import type { Rules } from "../../audit/evaluate.ts";
import { spellRemedy } from "../../audit/spell.ts";
import { needsOf } from "../../fix/plan/kinds.ts";
import { settler } from "../../fix/plan/settle.ts";
import { type AuditSettings, rulesOf } from "../audit/settings.ts";
import { limitsOf } from "../fix/limits.ts";

/** By what a long-running command judges an Engine: asked for each time, since ignores end with a day. It proposes what fix writes. */
export function liveRules(options: Parameters<typeof rulesOf>[0], settings: AuditSettings): () => Rules {
  const settle = settler({ limits: limitsOf({}, settings.config), needs: needsOf });
  return () => ({ ...rulesOf(options, settings), settle, spell: spellRemedy });
}
