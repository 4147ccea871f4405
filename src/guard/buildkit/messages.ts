import type { FieldType, MessageShape } from "./protobuf.ts";

/** The messages of BuildKit's API that the guard reads, as their definitions have them; all others are refused. */

const text = (name: string) => ({ name, type: "string" }) as const;
const flag = (name: string) => ({ name, type: "bool" }) as const;
const whole = (name: string) => ({ name, type: "int" }) as const;
const bytes = (name: string) => ({ name, type: "bytes" }) as const;
const texts = (name: string) => ({ name, type: "string", many: true }) as const;
const part = (name: string, message: MessageShape) => ({ name, type: { message } }) as const;
const parts = (name: string, message: MessageShape) => ({ name, type: { message }, many: true }) as const;
const map = (name: string, value: Extract<FieldType, { map: unknown }>["map"] = "string") =>
  ({ name, type: { map: value } }) as const;

const none: MessageShape = {};

const platform: MessageShape = {
  1: text("Architecture"),
  2: text("OS"),
  3: text("Variant"),
  4: text("OSVersion"),
  5: texts("OSFeatures"),
};

const cacheEntry: MessageShape = { 1: text("Type"), 2: map("Attrs") };

/** https://github.com/moby/buildkit/blob/v0.13.2/api/services/control/control.proto, and what later versions added */
export const solveRequest: MessageShape = {
  1: text("Ref"),
  2: bytes("Definition"),
  3: text("Exporter"),
  4: map("ExporterAttrs"),
  5: text("Session"),
  6: text("Frontend"),
  7: map("FrontendAttrs"),
  8: part("Cache", { 4: parts("Exports", cacheEntry), 5: parts("Imports", cacheEntry) }),
  9: texts("Entitlements"),
  10: map("FrontendInputs", "bytes"),
  11: flag("Internal"),
  12: part("SourcePolicy", {
    1: whole("version"),
    2: parts("rules", {
      1: whole("action"),
      2: part("selector", { 1: text("identifier"), 2: whole("match_type") }),
      3: part("updates", { 1: text("identifier") }),
    }),
  }),
  13: parts("Exporters", { 1: text("Type"), 2: map("Attrs") }),
  14: flag("EnableSessionExporter"),
};

/** https://github.com/moby/buildkit/blob/v0.13.2/frontend/gateway/pb/gateway.proto */
export const bridgeSolveRequest: MessageShape = {
  1: bytes("Definition"),
  2: text("Frontend"),
  3: map("FrontendOpt"),
  5: flag("allowResultReturn"),
  6: flag("allowResultArrayRef"),
  12: parts("CacheImports", cacheEntry),
  13: map("FrontendInputs", "bytes"),
  14: flag("Evaluate"),
};

const ref: MessageShape = { 1: text("id"), 2: bytes("def") };

/** The client hands its results back by their ids; the Engine does not read the definition beside the id. */
export const returnRequest: MessageShape = {
  1: part("result", {
    1: text("refDeprecated"),
    2: part("refsDeprecated", { 1: map("refs") }),
    3: part("ref", ref),
    4: part("refs", { 1: map("refs", { message: ref }) }),
    10: map("metadata", "bytes"),
  }),
  2: part("error", {
    1: whole("code"),
    2: text("message"),
    3: parts("details", { 1: text("type_url"), 2: bytes("value") }),
  }),
};

export const resolveImageRequest: MessageShape = {
  1: text("Ref"),
  2: part("Platform", platform),
  3: text("ResolveMode"),
  4: text("LogName"),
};

const fileRequest: MessageShape = {
  1: text("Ref"),
  2: text("FilePath"),
  3: part("Range", { 1: whole("Offset"), 2: whole("Length") }),
};

export const statusRequest: MessageShape = { 1: text("Ref") };
export const historyRequest: MessageShape = { 1: flag("ActiveOnly"), 2: text("Ref"), 3: flag("EarlyExit") };
export const updateHistoryRequest: MessageShape = {
  1: text("Ref"),
  2: flag("Pinned"),
  3: flag("Delete"),
  4: flag("Finalize"),
};
export const pruneRequest: MessageShape = {
  1: texts("filter"),
  2: flag("all"),
  3: whole("keepDuration"),
  4: whole("reservedSpace"),
  5: whole("maxUsedSpace"),
  6: whole("minFreeSpace"),
};
export const diskUsageRequest: MessageShape = { 1: texts("filter"), 2: whole("ageLimit") };
export const workersRequest: MessageShape = { 1: texts("filter") };
export const emptyRequest: MessageShape = none;
export const healthRequest: MessageShape = { 1: text("service") };

/** Questions of a build about its own results. */
export const resultRequests: Readonly<Record<string, MessageShape>> = {
  ReadFile: fileRequest,
  ReadDir: { 1: text("Ref"), 2: text("DirPath"), 3: text("IncludePattern") },
  StatFile: { 1: text("Ref"), 2: text("Path") },
  Evaluate: { 1: text("Ref") },
};
