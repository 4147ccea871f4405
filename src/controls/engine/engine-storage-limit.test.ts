import { daemonJson, dockerd, testControl, view } from "../../../test/support/control-table.ts";
import { type Engine, engine } from "../../model/engine.ts";
import { set, unresolved } from "../../model/fact.ts";
import { engineStorageLimit } from "./engine-storage-limit.ts";

function live(facts: Partial<Engine>): Engine {
  return engine("configured", { storageDriver: set("overlay2"), ...facts });
}

testControl(engineStorageLimit, {
  fails: [
    daemonJson('{ "storage-opts": ["overlay2.size=0"] }'),
    dockerd("dockerd --storage-opt overlay2.size=0G"),
    view(
      "xfs with quota and no size",
      live({
        backingFilesystem: set("xfs"),
        storageQuotaSupported: set(true),
      }),
    ),
  ],
  passes: [
    daemonJson('{ "storage-opts": ["overlay2.override_kernel_check=true", "overlay2.size=10G"] }'),
    dockerd("dockerd -s devicemapper --storage-opt dm.basesize=5G"),
    view(
      "a size",
      live({
        storageQuotaSupported: set(true),
        storageOptions: [set({ name: "overlay2.size", value: "5G" })],
      }),
    ),
  ],
  unknown: [
    daemonJson("{}"),
    daemonJson('{ "storage-driver": "overlay2" }'),
    view(
      "options that are not shown",
      live({
        storageQuotaSupported: set(true),
        storageOptions: [unresolved("the Engine does not say")],
      }),
    ),
  ],
  notApplicable: [
    view("ext4", live({ backingFilesystem: set("extfs"), storageQuotaSupported: set(false) }), {
      message: /overlay2 on extfs/,
    }),
    daemonJson('{ "storage-driver": "btrfs" }', { message: /each container/ }),
  ],
});
