import type { Control } from "./control.ts";
import { engineAuthorization } from "./engine/engine-authorization.ts";
import { engineIcc } from "./engine/engine-icc.ts";
import { engineInsecureRegistry } from "./engine/engine-insecure-registry.ts";
import { engineLiveRestore } from "./engine/engine-live-restore.ts";
import { engineLogLimit } from "./engine/engine-log-limit.ts";
import { engineMac } from "./engine/engine-mac.ts";
import { engineNetworkSocket } from "./engine/engine-network-socket.ts";
import { engineNoNewPrivileges } from "./engine/engine-no-new-privileges.ts";
import { engineSeccomp } from "./engine/engine-seccomp.ts";
import { engineSocketPermissions } from "./engine/engine-socket-permissions.ts";
import { engineStorageLimit } from "./engine/engine-storage-limit.ts";
import { engineUlimits } from "./engine/engine-ulimits.ts";
import { engineUserNamespaces } from "./engine/engine-user-namespaces.ts";
import { deviceAccess } from "./mounts/device-access.ts";
import { dockerSocketMount } from "./mounts/docker-socket-mount.ts";
import { hostDevMount } from "./mounts/host-dev-mount.ts";
import { hostProcMount } from "./mounts/host-proc-mount.ts";
import { mountPropagation } from "./mounts/mount-propagation.ts";
import { readOnlyRootfs } from "./mounts/read-only-rootfs.ts";
import { readOnlyVolume } from "./mounts/read-only-volume.ts";
import { sensitiveHostMount } from "./mounts/sensitive-host-mount.ts";
import { tmpfsOptions } from "./mounts/tmpfs-options.ts";
import { hostCgroupNamespace } from "./namespaces/host-cgroup-namespace.ts";
import { hostIpc } from "./namespaces/host-ipc.ts";
import { hostNetwork } from "./namespaces/host-network.ts";
import { hostPid } from "./namespaces/host-pid.ts";
import { hostUserNamespace } from "./namespaces/host-user-namespace.ts";
import { hostUts } from "./namespaces/host-uts.ts";
import { publishedPort } from "./namespaces/published-port.ts";
import { sharedNamespace } from "./namespaces/shared-namespace.ts";

/** Every control, in the order that `bulkhead controls` lists them. */
export const controls: readonly Control[] = [
  engineNetworkSocket,
  engineSocketPermissions,
  engineUserNamespaces,
  engineNoNewPrivileges,
  engineSeccomp,
  engineMac,
  engineStorageLimit,
  engineLogLimit,
  engineUlimits,
  engineIcc,
  engineInsecureRegistry,
  engineLiveRestore,
  engineAuthorization,
  dockerSocketMount,
  hostProcMount,
  hostDevMount,
  sensitiveHostMount,
  deviceAccess,
  mountPropagation,
  readOnlyRootfs,
  readOnlyVolume,
  tmpfsOptions,
  hostUserNamespace,
  hostNetwork,
  hostPid,
  hostIpc,
  hostUts,
  hostCgroupNamespace,
  sharedNamespace,
  publishedPort,
];

const byId = new Map(controls.map((control) => [control.id, control]));

export function findControl(id: string): Control | undefined {
  return byId.get(id);
}
