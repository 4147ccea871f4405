import { describe } from "vitest";
import { ask, idOf, policy, type Row, run, table, type World } from "../../../../test/support/guard/guard.ts";

const networks = policy({ allow: { networks: ["web"] } });
const images = policy({ allow: { images: ["app"] }, rules: { "guard-commit": "allow" } });
const on = (...names: readonly string[]) => ({
  NetworkSettings: { Networks: Object.fromEntries(names.map((name) => [name, {}])) },
});
const made = (name: string) => ({ Image: `sha256:${idOf(name)}`, Config: { Image: name, User: "" } });
const world: World = {
  networks: { web: {}, bridge: {}, lan: {} },
  containers: {
    inside: on("web"),
    outside: on("web", "bridge"),
    alone: on("none"),
    app: made("app"),
    stranger: made("busybox"),
    renamed: { ...made("app"), Config: { Image: "old-name", User: "" } },
  },
};
const start = (container: string) => ask("container-start", { container });

function rows(
  all: readonly (readonly [label: string, Row["request"], Row["expected"]])[],
  under: Row["policy"],
) {
  return all.map(
    ([label, request, expected]): Row => ({
      label,
      request,
      expected,
      ...(under && { policy: under }),
    }),
  );
}

describe("networks, where the policy names them", () => {
  table(
    rows(
      [
        ["the one on the list", run("--net web app"), "harden"],
        ["another one", run("--net lan app"), ["guard-network"]],
        ["the Engine's own, unasked", run("app"), ["guard-network"]],
        ["the Engine's own, by name", run("--net bridge app"), ["guard-network"]],
        ["none at all", run("--net none app"), "harden"],
        ["that of a container on the list", run("--net container:inside app"), "harden"],
        ["that of a container beyond it", run("--net container:outside app"), ["guard-network"]],
        ["a start on the list", start("inside"), "allow"],
        ["a start beyond it", start("outside"), ["guard-unsafe-container"]],
        ["a start of one that has none", start("alone"), "allow"],
        ["a build", ask("build"), ["guard-network"]],
        ["a build without a network", ask("build", {}, { query: { networkmode: "none" } }), "allow"],
        ["a build on the list", ask("build", {}, { query: { networkmode: "web" } }), "allow"],
      ],
      networks,
    ),
    world,
  );
  table(
    rows(
      [
        ["the Engine's own, where it is on the list", run("app"), "harden"],
        ["a build there", ask("build"), "allow"],
      ],
      policy({ allow: { networks: ["bridge"] } }),
    ),
    world,
  );
});

describe("a container that is there, where the policy names images", () => {
  table(
    rows(
      [
        ["of one on the list", start("app"), "allow"],
        ["of another", start("stranger"), ["guard-unsafe-container"]],
        ["of one whose image has the name by now", start("renamed"), "allow"],
      ],
      images,
    ),
    world,
  );
});
