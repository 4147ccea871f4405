/** A build that comes over `/grpc`, as the body of a request to the route `build`. */
export interface SolveFacts {
  readonly kind: "solve";
  readonly frontend: string;
  /** The frontend's: `target`, `build-arg:A`, `label:a`. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Whether it has steps that no Dockerfile says, ready-made. */
  readonly hasDefinition: boolean;
  readonly entitlements: readonly string[];
  readonly exporters: readonly Typed[];
  readonly cacheImports: readonly Typed[];
  readonly cacheExports: readonly Typed[];
  readonly hasSourcePolicy: boolean;
  /** Names in the client's own space; filled in by the judgement. */
  readonly ownImages?: readonly string[];
}

/** An exporter or a cache: its kind, and its options. */
export interface Typed {
  readonly type: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export function isSolve(body: unknown): body is SolveFacts {
  return typeof body === "object" && body !== null && "kind" in body && body.kind === "solve";
}
