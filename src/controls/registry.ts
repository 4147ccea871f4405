import { engineVersion } from "./benchmark/host.ts";
import { benchmarkControls } from "./benchmark/registry.ts";
import { capabilitiesDangerous } from "./capabilities/capabilities-dangerous.ts";
import { capabilitiesDrop } from "./capabilities/capabilities-drop.ts";
import { hostProgram } from "./capabilities/host-program.ts";
import { privileged } from "./capabilities/privileged.ts";
import { privilegedExec } from "./capabilities/privileged-exec.ts";
import { capacity } from "./cgroups/capacity.ts";
import { cgroupParent } from "./cgroups/cgroup-parent.ts";
import { cpuLimit } from "./cgroups/cpu-limit.ts";
import { ioLimit } from "./cgroups/io-limit.ts";
import { logLimit } from "./cgroups/log-limit.ts";
import { loggingOff } from "./cgroups/logging-off.ts";
import { memoryLimit } from "./cgroups/memory-limit.ts";
import { memorySwapLimit } from "./cgroups/memory-swap-limit.ts";
import { oomScore } from "./cgroups/oom-score.ts";
import { pidsLimit } from "./cgroups/pids-limit.ts";
import { realtimeCpu } from "./cgroups/realtime-cpu.ts";
import { remoteLogDriver } from "./cgroups/remote-log-driver.ts";
import { storageLimit } from "./cgroups/storage-limit.ts";
import { storageOption } from "./cgroups/storage-option.ts";
import type { Control } from "./control.ts";
import { drift } from "./drift/drift.ts";
import { proofLost } from "./drift/proof-lost.ts";
import { engineAuthorization } from "./engine/engine-authorization.ts";
import { engineIcc } from "./engine/engine-icc.ts";
import { engineInsecureRegistry } from "./engine/engine-insecure-registry.ts";
import { engineLiveRestore } from "./engine/engine-live-restore.ts";
import { engineLogLimit } from "./engine/engine-log-limit.ts";
import { engineMac } from "./engine/engine-mac.ts";
import { engineNetworkSocket } from "./engine/engine-network-socket.ts";
import { engineNoNewPrivileges } from "./engine/engine-no-new-privileges.ts";
import { enginePrograms } from "./engine/engine-programs.ts";
import { engineSeccomp } from "./engine/engine-seccomp.ts";
import { engineSocketPermissions } from "./engine/engine-socket-permissions.ts";
import { engineStorageLimit } from "./engine/engine-storage-limit.ts";
import { engineUlimits } from "./engine/engine-ulimits.ts";
import { engineUnitFiles } from "./engine/engine-unit-files.ts";
import { engineUserNamespaces } from "./engine/engine-user-namespaces.ts";
import { kernelPrograms } from "./engine/kernel-programs.ts";
import {
  engineLimits,
  rootlessBeside,
  rootlessLinger,
  rootlessLoopback,
  rootlessPortDriver,
  rootlessSubids,
  rootlessUserNamespaces,
} from "./engine/rootless-host.ts";
import { imageAccount } from "./images/image-account.ts";
import { imageAdd, imageUpdateAlone } from "./images/image-build-steps.ts";
import { imageCopiedSecret } from "./images/image-copied-secret.ts";
import { imageEndOfLife } from "./images/image-end-of-life.ts";
import { imageHealthcheck } from "./images/image-healthcheck.ts";
import { imageInsecureBuild } from "./images/image-insecure-build.ts";
import { imageKernelWorkdir, imageWholeRoot } from "./images/image-layout.ts";
import { imagePipedScript } from "./images/image-piped-script.ts";
import { imagePlainHttp } from "./images/image-plain-http.ts";
import { imageRegistry } from "./images/image-registry.ts";
import { imageRemoteAdd } from "./images/image-remote-add.ts";
import { imageSecret } from "./images/image-secret.ts";
import { imageSetuid } from "./images/image-setuid.ts";
import { imageSshd } from "./images/image-sshd.ts";
import { imageSudo } from "./images/image-sudo.ts";
import { imageUnpinned } from "./images/image-unpinned.ts";
import { imageUnverifiedPackages } from "./images/image-unverified-packages.ts";
import { imageWorldWritable } from "./images/image-world-writable.ts";
import { apparmorProfile } from "./mac/apparmor-profile.ts";
import { customProfile } from "./mac/custom-profile.ts";
import { kernelReach } from "./mac/kernel-reach.ts";
import { maskedPaths } from "./mac/masked-paths.ts";
import { noNewPrivileges } from "./mac/no-new-privileges.ts";
import { runtimeAnnotation } from "./mac/runtime-annotation.ts";
import { runtimeHandler } from "./mac/runtime-handler.ts";
import { seccompProfile } from "./mac/seccomp-profile.ts";
import { selinuxLabel } from "./mac/selinux-label.ts";
import { deviceAccess } from "./mounts/device-access.ts";
import { dockerSocketMount } from "./mounts/docker-socket-mount.ts";
import { hostDevMount } from "./mounts/host-dev-mount.ts";
import { hostProcMount } from "./mounts/host-proc-mount.ts";
import { kernelFileSystem } from "./mounts/kernel-file-system.ts";
import { mountPropagation } from "./mounts/mount-propagation.ts";
import { readOnlyRootfs } from "./mounts/read-only-rootfs.ts";
import { readOnlyVolume } from "./mounts/read-only-volume.ts";
import { sensitiveHostMount } from "./mounts/sensitive-host-mount.ts";
import { tmpfsOptions } from "./mounts/tmpfs-options.ts";
import { volumeOptions } from "./mounts/volume-options.ts";
import { authenticationOff } from "./namespaces/authentication-off.ts";
import { dockerSocketProxy } from "./namespaces/docker-socket-proxy.ts";
import { endpointOption } from "./namespaces/endpoint-option.ts";
import { hostCgroupNamespace } from "./namespaces/host-cgroup-namespace.ts";
import { hostIpc } from "./namespaces/host-ipc.ts";
import { hostNetwork } from "./namespaces/host-network.ts";
import { hostPid } from "./namespaces/host-pid.ts";
import { hostUserNamespace } from "./namespaces/host-user-namespace.ts";
import { hostUts } from "./namespaces/host-uts.ts";
import { legacyLink } from "./namespaces/legacy-link.ts";
import { networkOptions } from "./namespaces/network-options.ts";
import { publishedPort } from "./namespaces/published-port.ts";
import { sharedNamespace } from "./namespaces/shared-namespace.ts";
import { unprivilegedSandbox } from "./namespaces/unprivileged-sandbox.ts";
import { unsafeSysctl } from "./namespaces/unsafe-sysctl.ts";
import { imageRootUser } from "./users/image-root-user.ts";
import { rootUser } from "./users/root-user.ts";
import { supplementaryGroups } from "./users/supplementary-groups.ts";

/** Every control of a plain audit, in the order that `bulkhead controls` lists them. */
export const controls: readonly Control[] = [
  engineNetworkSocket,
  engineSocketPermissions,
  engineUnitFiles,
  kernelPrograms,
  engineUserNamespaces,
  engineLimits,
  rootlessBeside,
  rootlessLinger,
  rootlessLoopback,
  rootlessPortDriver,
  rootlessSubids,
  rootlessUserNamespaces,
  engineNoNewPrivileges,
  engineSeccomp,
  enginePrograms,
  engineMac,
  engineStorageLimit,
  engineLogLimit,
  engineUlimits,
  engineIcc,
  engineInsecureRegistry,
  engineLiveRestore,
  engineVersion,
  engineAuthorization,
  dockerSocketMount,
  hostProcMount,
  hostDevMount,
  sensitiveHostMount,
  volumeOptions,
  deviceAccess,
  kernelFileSystem,
  mountPropagation,
  readOnlyRootfs,
  readOnlyVolume,
  tmpfsOptions,
  cpuLimit,
  realtimeCpu,
  memoryLimit,
  memorySwapLimit,
  oomScore,
  pidsLimit,
  storageLimit,
  storageOption,
  ioLimit,
  logLimit,
  remoteLogDriver,
  loggingOff,
  cgroupParent,
  capacity,
  seccompProfile,
  kernelReach,
  apparmorProfile,
  selinuxLabel,
  customProfile,
  maskedPaths,
  runtimeHandler,
  noNewPrivileges,
  privileged,
  privilegedExec,
  hostProgram,
  drift,
  proofLost,
  capabilitiesDangerous,
  capabilitiesDrop,
  rootUser,
  imageRootUser,
  supplementaryGroups,
  hostUserNamespace,
  hostNetwork,
  hostPid,
  hostIpc,
  hostUts,
  hostCgroupNamespace,
  sharedNamespace,
  unsafeSysctl,
  publishedPort,
  authenticationOff,
  dockerSocketProxy,
  networkOptions,
  endpointOption,
  legacyLink,
  imageSudo,
  imageSetuid,
  imageSecret,
  imageCopiedSecret,
  imageAccount,
  imageUnverifiedPackages,
  imagePlainHttp,
  imagePipedScript,
  imageRemoteAdd,
  imageWorldWritable,
  imageInsecureBuild,
  imageSshd,
  imageUnpinned,
  imageRegistry,
  imageEndOfLife,
  imageKernelWorkdir,
  imageWholeRoot,
  imageAdd,
  imageUpdateAlone,
  imageHealthcheck,
  runtimeAnnotation,
  unprivilegedSandbox,
];

export { benchmarkControls };

/** With those that only a benchmark asks for. */
export const allControls: readonly Control[] = [...controls, ...benchmarkControls];

const byId = new Map(allControls.map((control) => [control.id, control]));
const own = new Map<string, Control>();

/** Makes a team's own controls known by their ids, for ignores, reports and `--only`; once, when the configuration is read. */
export function knowOwnControls(controls: readonly Control[]): void {
  own.clear();
  for (const control of controls) own.set(control.id, control);
}

/** One of bulkhead's, or of the configuration that was read. */
export function findControl(id: string): Control | undefined {
  return byId.get(id) ?? own.get(id);
}

/** The controls of the configuration that was read. */
export function ownControls(): readonly Control[] {
  return [...own.values()];
}
