import { commandsOfWords, programOf, shellCommands } from "../../base/shell.ts";
import { isOpen, setItems } from "../../model/fact.ts";
import type { Image } from "../../model/image.ts";
import { fail, notApplicable, pass, unknownFact, type Verdict } from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";
import { knownImage } from "./tables/known-images.ts";

export const imageHealthcheck: Control = {
  id: "image-healthcheck",
  title: "No health check",
  why: "Docker knows whether a process runs, not whether it answers. Without a health check a server that hangs, or that an attack has brought down behind its open port, counts as fine: nothing restarts it and nobody notices.",
  row: undefined,
  severity: "info",
  guard: "off",
  cis: ["4.6"],
  attack: ["T1499"],
  cwe: [754],
  where: ["D", "A"],
  pointer: "/Config/Healthcheck",
  references: [
    "https://docs.docker.com/reference/dockerfile/#healthcheck",
    "https://docs.docker.com/reference/compose-file/services/#healthcheck",
  ],
  examples: {
    bad: [
      { syntax: "dockerfile", text: 'FROM nginx:1.27\nCMD ["nginx"]\n' },
      { syntax: "dockerfile", text: "FROM nginx:1.27\nHEALTHCHECK NONE\n" },
    ],
    good: [
      {
        syntax: "dockerfile",
        text: "FROM nginx:1.27\nHEALTHCHECK --interval=30s CMD curl -fsS http://localhost/ || exit 1\n",
      },
    ],
  },
  check: {
    image: judge,
  },
  remedy: { image: advise },
};

function judge(image: Image): Verdict {
  const { healthcheck, level } = image;
  if (isOpen(healthcheck)) return unknownFact(healthcheck);
  if (healthcheck.state === "set" && healthcheck.value === "command") return pass("a health check");
  if (!serves(image)) return notApplicable("it exposes no port, so there is no server to check");
  if (healthcheck.state === "set") {
    return fail("turns its health check off: nobody notices when the server hangs", {
      origins: healthcheck.origins,
      observed: "NONE",
    });
  }
  const hope = level === "declared" ? ", unless its base image has one" : "";
  return fail(`has no health check${hope}: nobody notices when the server hangs`, { observed: "none" });
}

/** It exposes a port, starts a program that listens, or is built from a server that is known to. */
function serves({ exposedPorts, base, level, entrypoint, command }: Image): boolean {
  if (
    exposedPorts.length > 0 ||
    listens([...setItems(entrypoint), ...setItems(command)].map(({ value }) => value))
  )
    return true;
  const known = level === "declared" && base.state === "set" ? knownImage(base.value) : undefined;
  return (known?.needs?.ports.length ?? 0) > 0;
}

function advise() {
  return manual(
    "Add a HEALTHCHECK that asks the server what its users ask, such as `curl -fsS http://localhost/`. Compose has healthcheck:, docker run --health-cmd.",
  );
}

/** Programs that do nothing but serve, and options that name an address to listen on. */
const servers =
  /^(?:gunicorn|uvicorn|hypercorn|daphne|waitress-serve|uwsgi|nginx|httpd|apache2(?:ctl|-foreground)?|caddy|traefik|haproxy|php-fpm[\d.]*|puma|unicorn|rackup|redis-server|valkey-server|mysqld|mariadbd|postgres|mongod|memcached|dockerd|sshd|vsftpd|named|unbound|squid|varnishd|minio|vault|consul|etcd|prometheus|grafana(?:-server)?)$/;
const serving =
  /(?:^|\s)(?:-b|--bind|--listen|--host|--addr(?:ess)?|--http-port|-p|--port)[ =]\S*:?\d{2,5}\b|(?:^|\s)manage\.py\s+runserver\b|\bflask\s+run\b|\brails\s+s(?:erver)?\b|\bhttp\.server\b|(?:^|\s)--inspect\b|0\.0\.0\.0:\d{2,5}\b/;

function listens(words: readonly string[]): boolean {
  const script = words.find((_, index) => index > 0 && /^-\w*c$/.test(words[index - 1] ?? ""));
  const commands = [...commandsOfWords(words), ...(script === undefined ? [] : shellCommands(script))];
  return commands.some(
    (each) => servers.test(programOf(each.words)) || serving.test(each.words.join(" ").slice(0, 4096)),
  );
}
