import type { ContainerPatch } from "../../model/patch.ts";
import type { CanonicalRequest } from "../request/request.ts";
import type { ObjectKind } from "../routes/route.ts";

/** What is to be learnt before a decision: about an object of the Engine, or about a path on the host. */
export type Question =
  | { readonly kind: ObjectKind; readonly name: string }
  | { readonly kind: "hostPath"; readonly path: string }
  | { readonly kind: "engine" };

export type Answer =
  /** `id` is the full id that the name means now (a volume's is its name); `document` what the Engine's inspect says. */
  | { readonly state: "found"; readonly id: string; readonly document: unknown }
  | { readonly state: "missing" }
  /** Could not be asked, or not be seen: what depends on it is denied. */
  | { readonly state: "unknown"; readonly reason: string };

/** The answers so far, by `questionKey`. */
export type Knowledge = ReadonlyMap<string, Answer>;

export function questionKey(question: Question): string {
  if (question.kind === "engine") return "engine";
  return question.kind === "hostPath" ? `hostPath ${question.path}` : `${question.kind} ${question.name}`;
}

/** Why not, or what was changed. */
export interface Reason {
  /** A control's id, or one of the guard's own rules: `guard-route`. */
  readonly rule: string;
  /** One sentence that names the value and the consequence; holds no secret. */
  readonly message: string;
}

/** What the guard did to a create request, for the log and for the person who asks. */
export interface Change {
  readonly control: string;
  readonly patch: ContainerPatch;
  /** The docker run flag that says the same: `--cap-drop ALL`. */
  readonly flag: string;
  /** Whether something that the client said explicitly was replaced. */
  readonly replaced: boolean;
}

export type Decision =
  /** Answer these first, then decide again with all that is known. */
  | { readonly verdict: "ask"; readonly questions: readonly Question[] }
  | { readonly verdict: "allow"; readonly request: CanonicalRequest; readonly warnings: readonly Reason[] }
  /** The request as it may go through; a change list that is empty is never `harden`. */
  | {
      readonly verdict: "harden";
      readonly request: CanonicalRequest;
      readonly changes: readonly Change[];
      readonly warnings: readonly Reason[];
    }
  | { readonly verdict: "deny"; readonly reasons: readonly Reason[] };
