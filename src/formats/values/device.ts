import { failed, ok, type Result } from "../../base/result.ts";
import type { Device } from "../../model/container-values.ts";

/**
 * `--device HOST[:CONTAINER][:PERMISSIONS]`, or a CDI name such as `vendor.com/class=name`
 * (docker/cli: opts/device… and cli/command/container/opts.go, parseLinuxDevice).
 */
export function parseDevice(spec: string): Result<Device> {
  if (!spec.startsWith("/") && /^[\w.-]+\/[\w.-]+=.+$/.test(spec)) {
    return ok({ hostPath: spec, containerPath: spec, permissions: "rwm" });
  }
  const [hostPath, second, third, ...more] = spec.split(":");
  if (!hostPath || more.length > 0) {
    return failed(`“${spec}” is not a device: HOST[:CONTAINER][:PERMISSIONS] is expected`);
  }
  const isMode = second !== undefined && /^[rwm]{1,3}$/.test(second);
  return ok({
    hostPath,
    containerPath: second === undefined || second === "" || isMode ? hostPath : second,
    permissions: third ?? (isMode ? second : "rwm"),
  });
}
