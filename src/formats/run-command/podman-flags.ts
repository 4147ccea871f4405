import { textOf, type Word } from "./word.ts";

/** Flags of podman run that docker run does not have (podman-run(1)), and that take no value. */
const alone =
  /^--(?:env-host|http-proxy|no-hostname|no-hosts|passwd|read-only-tmpfs|replace|rmi|systemd|tls-verify|unsetenv-all)(?:=|$)/;

/** Those that take one. */
const withValue =
  /^--(?:arch|authfile|cgroup-conf|cgroups|chrootdirs|conmon-pidfile|creds|decryption-key|gidmap|gpus|group-entry|health-(?:log-\w+|max-log-\w+|on-failure|startup-[\w-]+)|hostuser|image-volume|init-path|intel-rdt-closid|log-level|os|passwd-entry|personality|pidfile|pod|pod-id-file|preserve-fds?|rdt-class|requires|retry|retry-delay|sdnotify|seccomp-policy|secret|shm-size-systemd|subgidname|subuidname|timeout|tz|uidmap|umask|unsetenv|variant)$/;

/** Ways to remap users that Docker has no word for: each is stricter than the host's namespace. */
const remapping = /^(?:auto|keep-id|nomap|ns|private)(?::|$)/;

/** The words of `podman run` as docker run would take them: what only Podman knows is left out, up to the image. */
export function withoutPodmanFlags(words: readonly Word[]): readonly Word[] {
  const kept: Word[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index];
    if (!word) break;
    const text = textOf(word) ?? "";
    const [name = "", value] = text.split(/=(.*)/s);
    const next = words[index + 1];
    if (alone.test(text)) continue;
    const given = value ?? (next && textOf(next)) ?? "";
    if (withValue.test(name) || (name === "--userns" && remapping.test(given))) {
      if (value === undefined) index += 1;
      continue;
    }
    kept.push(word);
  }
  return kept;
}
