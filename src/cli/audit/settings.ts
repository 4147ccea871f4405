import { dirname, resolve } from "node:path";
import type { Rules } from "../../audit/evaluate.ts";
import type { Ignore } from "../../audit/ignores.ts";
import type { DiskFiles } from "../../audit/inputs/disk-files.ts";
import type { SurveyRequest } from "../../audit/survey.ts";
import { ok } from "../../base/result.ts";
import { didYouMean } from "../../base/suggest.ts";
import type { Config } from "../../config/config.ts";
import { nearestConfig } from "../../config/find.ts";
import { knowAdvisories } from "../../controls/benchmark/advisories.ts";
import { allControls, controls, findControl, knowOwnControls, ownControls } from "../../controls/registry.ts";
import { complain, complainAt } from "../common/complain.ts";
import { type AuditOptions, purposes } from "./options.ts";

export interface AuditSettings {
  readonly config: Config;
  readonly ignores: readonly Ignore[];
  /** Where the configuration is; undefined without one. */
  readonly path?: string;
}

/** The configuration, or nothing where there is none; complaints about a wrong one are already told. */
export async function loadConfig(
  options: Pick<AuditOptions, "only" | "skip" | "config">,
  io: DiskFiles,
): Promise<{ readonly ok: true; readonly value: AuditSettings } | { readonly ok: false }> {
  const strange = [...options.only, ...options.skip].filter((id) => !findControl(id) && !/^own-/.test(id));
  if (strange.length > 0) {
    const ids = controls.map(({ id }) => id);
    const named = strange.map((id) => `“${id}”${didYouMean(id, ids)}`).join(", ");
    complain(`there is no control ${named}; bulkhead controls lists them`);
    return { ok: false };
  }
  const path = options.config === false ? undefined : (options.config ?? nearestConfig(process.cwd(), io));
  if (path === undefined) return someControl(options, { config: {}, ignores: [] });
  const read = await readSettings(path, io);
  return read ? someControl(options, { ...read, path }) : { ok: false };
}

/** The settings with the ignores of other files besides; undefined where one cannot be read: why was said. */
export async function withIgnoresFrom(
  paths: readonly string[],
  settings: AuditSettings,
  io: DiskFiles,
): Promise<AuditSettings | undefined> {
  const ignores = [...settings.ignores];
  for (const path of paths) {
    const read = await readSettings(path, io);
    if (!read) return undefined;
    ignores.push(...read.ignores);
  }
  return { ...settings, ignores };
}

/** Undefined where the file is wrong: why was said. */
async function readSettings(
  path: string,
  io: DiskFiles,
): Promise<Pick<AuditSettings, "config" | "ignores"> | undefined> {
  // The schema costs start-up time, so it is loaded only where there is a configuration.
  const { configIgnores, readConfig } = await import("../../config/config.ts");
  const config = readConfig(path, io);
  if (config.ok) {
    const rules = config.value.controls ?? [];
    if (rules.length > 0) {
      const { ownControl } = await import("../../controls/own/own-control.ts");
      knowOwnControls(
        rules.map(({ id, title, why, severity, subject, fact, name, message, fix, ...compare }) =>
          ownControl({ id, title, why, severity, subject, fact, name, message, fix, compare }),
        ),
      );
    }
    const { advisories } = config.value;
    if (advisories !== undefined && !(await takeAdvisories(resolve(dirname(path), advisories), io))) {
      return undefined;
    }
    return { config: config.value, ignores: configIgnores(config.value, path) };
  }
  if ("reason" in config) complain(`${path} cannot be read: ${config.reason}`);
  else for (const fault of config.faults) complainAt(`${fault.reason}`, fault.location, io, path);
  return undefined;
}

async function takeAdvisories(path: string, io: DiskFiles): Promise<boolean> {
  const { readAdvisories } = await import("../../controls/benchmark/advisory-file.ts");
  const text = io.read(path);
  const read = text.ok ? readAdvisories(text.value) : text;
  if (!read.ok) {
    complain(`${path} cannot be read: ${read.reason}`);
    return false;
  }
  knowAdvisories(read.value);
  return true;
}

/** A report without any control would look like a clean one. */
function someControl(
  options: Pick<AuditOptions, "only" | "skip">,
  settings: AuditSettings,
): { readonly ok: true; readonly value: AuditSettings } | { readonly ok: false } {
  if (rulesOf(options, settings).controls.length > 0) return ok(settings);
  complain("no control is left to judge by: --skip (or the configuration's skip) leaves out all of --only");
  return { ok: false };
}

/** The controls that --only and --skip leave, or else the configuration's, with what it says of them; as of today. */
export function rulesOf(
  options: Pick<AuditOptions, "only" | "skip" | "profileOf">,
  { config, ignores }: AuditSettings,
): Omit<Rules, "spell"> & Pick<SurveyRequest, "images"> {
  const only = options.only.length > 0 ? options.only : (config.only ?? []);
  const skip = [...options.skip, ...(config.skip ?? [])];
  return {
    controls:
      only.length === 0
        ? [...controls, ...ownControls()].filter(({ id }) => !skip.includes(id))
        : [...allControls, ...ownControls()].filter(({ id }) => only.includes(id) && !skip.includes(id)),
    ignores,
    images: config.images,
    severities: { ...(options.profileOf && purposes[options.profileOf].severities), ...config.severity },
    today: new Date().toISOString().slice(0, 10),
  };
}
