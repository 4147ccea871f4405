import type { ContainerPatch } from "../../model/patch.ts";
import type { HostFolders, Policy } from "../policy/policy.ts";
import type { UnderstoodRequest } from "../request/request.ts";
import type { ObjectKind } from "../routes/route.ts";
import type { ImageOrigin } from "./image/origin.ts";

/** A question to answer before the decision: about an object of the Engine or a path on the host. */
export type Question =
  | { readonly kind: ObjectKind; readonly name: string }
  | { readonly kind: "hostPath"; readonly path: string }
  /** All images by their tags, to remember whose each name is before they are removed. */
  | { readonly kind: "images" }
  /** All records of the build cache, each with its description. */
  | { readonly kind: "caches" }
  | { readonly kind: "engine" };

export type Answer =
  /** `id` is the full id that the name means now (a volume's is its name); `document` what the Engine's inspect says. */
  | {
      readonly state: "found";
      readonly id: string;
      readonly document: unknown;
      /** Of a path: the guard's own files that it leads to. */
      readonly own?: readonly OwnReached[];
    }
  | {
      readonly state: "missing";
      /** Of an image: what the name meant when the guard last saw it. */
      readonly former?: FormerImage;
    }
  /** Could not be asked, or not be seen: what depends on it is denied. */
  | {
      readonly state: "unknown";
      readonly reason: string;
      /** Of a path: nothing of the host is visible at all, so that paths are judged as written. */
      readonly isBlind?: true;
      readonly own?: readonly OwnReached[];
    };

/** What is remembered of an image that is gone: where it came from, and labels as inspect has them. */
export interface FormerImage {
  readonly origin: ImageOrigin;
  readonly Config: { readonly Labels: Readonly<Record<string, unknown>> };
}

/** One of the guard's own files, and how a path lies to it. */
export interface OwnReached {
  readonly path: string;
  readonly what:
    | "listener"
    | "policy"
    | "certificate"
    | "private key"
    | "audit log"
    | "learned policy"
    | "program";
  readonly how: "at" | "above" | "below";
}

/** The answers so far, by `questionKey`. */
export type Knowledge = ReadonlyMap<string, Answer>;

export function questionKey(question: Question): string {
  if (question.kind === "engine" || question.kind === "images" || question.kind === "caches")
    return question.kind;
  return question.kind === "hostPath" ? `hostPath ${question.path}` : `${question.kind} ${question.name}`;
}

/** Why not, or what was changed. */
export interface Reason {
  /** A control's id, or one of the guard's own rules: `guard-route`. */
  readonly rule: string;
  /** One sentence that names the value and the consequence; holds no secret. */
  readonly message: string;
  /** What the policy would have to say to let it pass; undefined where nothing should. */
  readonly allow?: Allowance;
  /** Of a control: what makes the problem the same one in another view. */
  readonly evidence?: string;
  /** Of a mount: where in the container it is. */
  readonly target?: string;
  /** Of something that exists: what the policy would have had against making it. */
  readonly because?: Reason;
  /** The kind of the object that does not exist for this client: it is missing, or another client owns it. */
  readonly absent?: ObjectKind;
  /** Of a plugin, which adds nothing: the flags that the client must say itself. */
  readonly lacks?: string;
  /** Whether nothing is known against it but that it could not be judged. */
  readonly isUnjudged?: true;
}

/** The rule that the client sees: another client's object looks like a missing one. */
export function toldRule({ rule, absent }: Reason): string {
  return absent === undefined ? rule : "guard-missing";
}

/**
 * A place in the policy and what would stand there: a list of `allow`, a route's word (`unjudged` for one that a rule
 * shuts), a rule's, or a control's id that would deny no more.
 */
export interface Allowance {
  readonly list: keyof Policy["allow"] | "routes" | "unjudged" | "rules" | "controls";
  readonly value: string;
  /** Of a mount: how it would have to be allowed. */
  readonly readOnly?: boolean;
  readonly dangerous?: boolean;
}

/** What must be done to the Engine's answer before the client sees it. Made by `rewriteResponse` of response.ts. */
export interface ResponseRule {
  /** Blank the values of environment variables and of what else may be a secret. */
  readonly redact: boolean;
  /** Leave out of a list what does not have this label: for lists whose route takes no filter. */
  readonly owner: { readonly label: string; readonly value: string } | undefined;
  /** Give back the client's own names for what lives in its space. */
  readonly space?: string | undefined;
  /** Give back names and labels without what a leash's begin with. */
  readonly prefix?: string | undefined;
  /** Show containers by the names of their images, which they are made of by id. */
  readonly images?: boolean;
  /** Give back a mount as it was asked for, where the guard sent it as one of these volumes. */
  readonly folders?: HostFolders | undefined;
}

/**
 * The document of a found `hostPath`: its `id` is the path with every symlink followed, of which the deepest part that exists
 * counts where the whole does not exist yet (dockerd would make it there).
 */
export interface HostPathDocument {
  readonly type: "file" | "directory" | "socket" | "device" | "other" | "missing";
  /** Sockets of container engines that were found at or below it, by their path or by dev:inode. */
  readonly sockets?: readonly string[];
  /** Where the links are that were followed, in turn. */
  readonly links?: readonly string[];
}

/** The document of the `engine`: the Engine's own, by path. */
export interface EngineDocument {
  readonly info: unknown;
  readonly version: unknown;
  readonly networks?: unknown;
  readonly libpod?: unknown;
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

export type RoundResult =
  /** Answer these first, then decide again with all that is known. */
  | { readonly verdict: "ask"; readonly questions: readonly Question[] }
  | {
      readonly verdict: "allow";
      readonly request: UnderstoodRequest;
      /** What another mode than `enforce` let through, and what it would have changed. */
      readonly warnings: readonly Reason[];
      /** What could not be told and denies nothing. */
      readonly notes?: readonly Reason[];
      readonly response?: ResponseRule;
    }
  /** The request as it may go through; a change list that is empty is never `harden`. */
  | {
      readonly verdict: "harden";
      readonly request: UnderstoodRequest;
      readonly changes: readonly Change[];
      readonly warnings: readonly Reason[];
      readonly notes?: readonly Reason[];
      readonly response?: ResponseRule;
    }
  | {
      readonly verdict: "deny";
      readonly reasons: readonly Reason[];
      /**
       * 404 where what the request names does not exist (rule `guard-missing`: let the Engine say so itself where the request
       * cannot be answered) or is another's (`guard-owner`): the docker CLI pulls an image on that answer. Else 403.
       */
      readonly status?: 403 | 404;
    };
