import type { Engine } from "../../model/engine.ts";
import { firstOpen, setItems } from "../../model/fact.ts";
import { combine, fail, pass, unknownFact, type Verdict } from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";
import { dockerOnly, optionsOf } from "./docker-only.ts";

export const engineAuthorization: Control = {
  id: "engine-authorization",
  title: "The Engine's API asks nobody for permission",
  why: "Docker's own model is all or nothing: anyone who reaches the socket may do everything. An authorization plugin sees each request before it is carried out and can refuse, for instance, privileged containers and binds of the host's file system. On a machine with one administrator there is little to authorize, so this is for information.",
  row: undefined,
  severity: "info",
  guard: "off",
  cis: ["2.12"],
  attack: ["T1609"],
  cwe: [862],
  where: ["J", "E"],
  pointer: "/info/Plugins/Authorization",
  references: [
    "https://docs.docker.com/engine/extend/plugins_authorization/",
    "https://docs.docker.com/reference/cli/dockerd/#access-authorization",
  ],
  examples: {
    bad: [
      { syntax: "daemon.json", text: "{}\n" },
      { syntax: "dockerd", text: "dockerd -H fd://" },
      {
        syntax: "daemon.json",
        text: '{ "authorization-plugins": ["opa-docker-authz"], "min-api-version": "1.24" }\n',
      },
    ],
    good: [
      { syntax: "daemon.json", text: '{ "authorization-plugins": ["opa-docker-authz"] }\n' },
      { syntax: "dockerd", text: "dockerd --authorization-plugin=opa-docker-authz" },
    ],
  },
  check: {
    engine: dockerOnly((engine) => combine([judgePlugins(engine), judgeApiVersion(engine)])),
  },
  remedy: {
    engine: () =>
      manual(
        "Install an authorization plugin, and only then name it in `authorization-plugins`: dockerd refuses every request while a named plugin does not answer. Take min-api-version out.",
      ),
  },
};

/** Below it Docker takes no old API by itself (moby: daemon/config/config.go, defaultMinAPIVersion). */
const oldestApi = 40;

function judgeApiVersion(engine: Engine): Verdict {
  const oldest = optionsOf(engine, "min-api-version").at(-1);
  const minor = Number(/^1\.(\d+)$/.exec(oldest?.value.value ?? "")?.[1] ?? oldestApi);
  if (!oldest || minor >= oldestApi) return pass("no API that Docker gave up");
  return fail(
    `takes requests of the API 1.${minor}, which Docker gave up: plugins and proxies of today need not know its fields`,
    { origins: oldest.origins, evidence: "min-api-version", observed: `API 1.${minor}` },
  );
}

function judgePlugins({ authorizationPlugins }: Engine): Verdict {
  const plugins = setItems(authorizationPlugins).map(({ value }) => value);
  if (plugins.length > 0) return pass(plugins.join(", "));
  const open = firstOpen(authorizationPlugins);
  if (open) return unknownFact(open);
  return fail("has no authorization plugin: anyone who reaches its socket may do everything", {
    evidence: "authorization-plugins",
    observed: "no authorization plugin",
  });
}
