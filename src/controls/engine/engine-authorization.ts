import { firstOpen, setItems } from "../../model/fact.ts";
import { fail, pass, unknownFact } from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";
import { dockerOnly } from "./docker-only.ts";

export const engineAuthorization: Control = {
  id: "engine-authorization",
  title: "The Engine's API asks nobody for permission",
  why: "Docker's own model is all or nothing: whoever reaches the socket may do everything. An authorization plugin sees each request before it is carried out and can refuse, for instance, privileged containers and binds of the host's file system. On a machine with one administrator there is little to authorize, so this is for information.",
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
    ],
    good: [
      { syntax: "daemon.json", text: '{ "authorization-plugins": ["opa-docker-authz"] }\n' },
      { syntax: "dockerd", text: "dockerd --authorization-plugin=opa-docker-authz" },
    ],
  },
  check: {
    engine: dockerOnly(({ authorizationPlugins }) => {
      const plugins = setItems(authorizationPlugins).map(({ value }) => value);
      if (plugins.length > 0) return pass(plugins.join(", "));
      const open = firstOpen(authorizationPlugins);
      if (open) return unknownFact(open);
      return fail("has no authorization plugin: whoever reaches its socket may do everything", {
        evidence: "authorization-plugins",
        observed: "no authorization plugin",
      });
    }),
  },
  remedy: {
    engine: () =>
      manual(
        "Install an authorization plugin, and only then name it in `authorization-plugins`: dockerd refuses every request while a named plugin does not answer.",
      ),
  },
};
