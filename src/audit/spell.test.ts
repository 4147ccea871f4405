import { expect, test } from "vitest";
import { containerFromInspect } from "../engine/documents/inspect.ts";
import { engine } from "../model/engine.ts";
import { set } from "../model/fact.ts";
import type { ContainerPatch } from "../model/patch.ts";
import type { ContainerSubject } from "../model/subject.ts";
import { spellRemedy } from "./spell.ts";

const patches: readonly ContainerPatch[] = [
  { op: "set", field: "pidsLimit", value: 2048 },
  { op: "add", field: "capDrop", value: "ALL" },
];

function live(labels: Readonly<Record<string, string>>): ContainerSubject {
  return {
    id: "web",
    stableId: "web",
    name: "web",
    kind: "container",
    source: "engine-api",
    location: undefined,
    views: [containerFromInspect({ HostConfig: {}, Config: { Image: "nginx", Labels: labels } })],
  };
}

const spell = (labels: Readonly<Record<string, string>>) => spellRemedy(live(labels), { patches });

test("a live container's fix is docker update, and flags for what only a new one can have", () => {
  expect(spell({})).toBe("docker update --pids-limit 2048 web\n--cap-drop ALL");
});

test("podman's is podman update", () => {
  const podman = engine("configured", { product: set("podman") });
  expect(spellRemedy(live({}), { patches }, podman)).toBe(
    "podman update --pids-limit 2048 web\n--cap-drop ALL",
  );
});

test("a container of docker compose is changed in its file", () => {
  expect(spell({ "com.docker.compose.project": "shop" })).toBe("pids_limit: 2048\ncap_drop: [ALL]");
});

test("an option of a network's driver is left out of its flag, and the network stays", () => {
  const value = { network: "back", option: "com.example.a", value: "b" };
  const option: ContainerPatch = { op: "remove", field: "endpointOptions", value };
  expect(spellRemedy(live({}), { patches: [option] })).toBe(
    "leave out driver-opt=com.example.a=b in --network name=back",
  );
});
