import { describe } from "vitest";
import { ask, idOf, policy, run, table, type World } from "../../../../test/support/guard/guard.ts";

const listed = policy({
  allow: { labels: ["com.docker.compose.*", "team=web"] },
  rules: { "guard-service": "allow", "guard-secret": "allow" },
});
const owned = policy({ allow: { labels: ["team"] }, owner: { label: "owner", value: "ci" } });
const world: World = { images: { routed: { Config: { Labels: { "traefik.enable": "true" } } } } };

function labelled(id: string, Labels: Readonly<Record<string, string>>) {
  return ask(id, {}, { body: { Name: "n", Labels } });
}

const mount = (label: string) =>
  `--mount {"Type":"volume","Source":"v","Target":"/v","VolumeOptions":{"Labels":{"${label}":"1"}}}`;

describe("labels, where the policy names them", () => {
  table(
    [
      { label: "none", request: run("app"), policy: listed, expected: "harden" },
      {
        label: "one by a pattern",
        request: run("--label com.docker.compose.project=x app"),
        policy: listed,
        expected: "harden",
      },
      {
        label: "one with its value",
        request: run("--label team=web app"),
        policy: listed,
        expected: "harden",
      },
      {
        label: "one with another value",
        request: run("--label team=db app"),
        policy: listed,
        expected: ["guard-label"],
      },
      {
        label: "one off the list",
        request: run("--label traefik.enable=true app"),
        policy: listed,
        expected: ["guard-label"],
      },
      {
        label: "one off a list that there is not",
        request: run("--label traefik.enable=true app"),
        expected: "harden",
      },
      {
        label: "one where the rule is open",
        request: run("--label a=b app"),
        policy: policy({ ...listed, rules: { "guard-label": "allow" } }),
        expected: "harden",
      },
      {
        label: "one that the image brings",
        request: run("routed"),
        policy: listed,
        expected: ["guard-label"],
      },
      {
        label: "one of a volume that it makes",
        request: run(`${mount("traefik.x")} app`),
        policy: listed,
        expected: ["guard-label"],
      },
      {
        label: "a listed one of a volume",
        request: run(`${mount("com.docker.compose.volume")} app`),
        policy: listed,
        expected: "harden",
      },
      {
        label: "the owner's, which the guard sets",
        request: run("-v v:/v app"),
        policy: owned,
        expected: "harden",
      },
      {
        label: "one of an owner's off the list",
        request: run("--label x=y app"),
        policy: owned,
        expected: ["guard-label"],
      },
      ...["volume-create", "network-create", "secret-create", "config-create"].flatMap((id) => [
        {
          label: `${id} with one off the list`,
          request: labelled(id, { a: "b" }),
          policy: listed,
          expected: ["guard-label"],
        },
        {
          label: `${id} with a listed one`,
          request: labelled(id, { team: "web" }),
          policy: listed,
          expected: "allow" as const,
        },
      ]),
      {
        label: "a service's containers",
        request: ask(
          "service-create",
          {},
          { body: { TaskTemplate: { ContainerSpec: { Image: "app", Labels: { a: "b" } } } } },
        ),
        policy: listed,
        expected: ["guard-label"],
      },
      {
        label: "a build",
        request: ask("build", {}, { query: { labels: '{"a":"b"}' } }),
        policy: listed,
        expected: ["guard-label"],
      },
      {
        label: "a build with a listed one",
        request: ask("build", {}, { query: { labels: '{"team":"web"}' } }),
        policy: listed,
        expected: "allow",
      },
    ],
    world,
  );
});

describe("nobody becomes another client through a container by whose labels the guard knows that one", () => {
  const reserving = policy({ reservedLabels: ["role=ops", "owner"] });
  const ops: World = {
    containers: {
      ops: { Config: { Labels: { role: "ops" } } },
      beside: { Config: {}, HostConfig: { NetworkMode: `container:${idOf("ops")}` } },
      web: { Config: { Labels: { role: "web" } } },
    },
    execs: { inside: { ContainerID: idOf("ops"), ProcessConfig: {} } },
  };
  const unsafe = ["guard-unsafe-container"];
  table(
    [
      {
        label: "in its network",
        request: run("--net container:ops app"),
        policy: reserving,
        expected: ["guard-owner-label"],
      },
      {
        label: "in another's",
        request: run("--net container:web app"),
        policy: reserving,
        expected: "harden",
      },
      {
        label: "in its processes",
        request: run("--pid container:ops app"),
        policy: reserving,
        expected: unsafe,
      },
      {
        label: "started in its network",
        request: ask("container-start", { container: "beside" }),
        policy: reserving,
        expected: unsafe,
      },
      ...(["container-start", "exec-create", "container-attach", "container-archive-put"] as const).map(
        (id) => ({ label: id, request: ask(id, { container: "ops" }), policy: reserving, expected: unsafe }),
      ),
      {
        label: "an exec",
        request: ask("exec-start", { exec: "inside" }),
        policy: reserving,
        expected: unsafe,
      },
    ],
    ops,
  );
});
