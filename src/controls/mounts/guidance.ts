import type { Guidance } from "../control.ts";

export const mountsGuidance: Readonly<Record<string, Guidance>> = {
  "device-access": {
    letItBe: "The workload is about this device: a GPU, a serial stick, a webcam.",
    symptom: '"Operation not permitted" or "No such device".',
    cause: "The program opens the device",
    action: "Give the narrowest node with r or rw, not the folder.",
    onEngine: true,
  },
  "docker-socket-mount": {
    letItBe:
      "The program manages the whole host (a backup of all volumes, Portainer), you trust it as root, and nobody else reaches it.",
    symptom: '"Cannot connect to the Docker daemon".',
    cause: "The program uses the socket",
    action: "Put bulkhead guard proxy in front with the preset for it, and mount the proxy's socket instead.",
    onEngine: true,
  },
  "host-dev-mount": {
    letItBe:
      "A program that hot-plugs devices (Home Assistant, udev) has no other way, and device_cgroup_rules lists only its own.",
    symptom: '"no such file or directory" for /dev/ttyUSB0 or the like.',
    cause: "The device is not in the container",
    action: "Give it with devices: and its stable name below /dev/serial/by-id.",
    onEngine: true,
  },
  "host-proc-mount": {
    letItBe: "A monitoring agent (node-exporter) reads /proc read-only, and its image is pinned by digest.",
    symptom: "Metrics of the host are missing.",
    cause: "The agent reads /host/proc",
    action: "Mount it read-only, and run the agent as another user than root.",
  },
  "kernel-file-system": {
    letItBe: "A container for storage tools that you started yourself, for as long as you use it.",
    symptom: "The mount is gone after a restart.",
    cause: "Somebody made it by hand",
    action: "Declare what the container needs in its Compose file.",
    onEngine: true,
  },
  "mount-propagation": {
    letItBe: "A storage driver or an rclone container that must mount for the host, with nothing else in it.",
    symptom: "Mounts that the container makes are not seen on the host.",
    cause: "They stay in the container",
    action: "Mount on the host, or use rslave where only the other way is needed.",
  },
  "read-only-rootfs": {
    letItBe: "A container for development, or one that updates itself.",
    symptom: '"Read-only file system" (EROFS) in the log.',
    cause: "The program writes outside its volumes; docker diff shows where",
    action: "Add a tmpfs for that folder, or a volume if the data must last.",
    onEngine: true,
  },
  "read-only-volume": {
    letItBe: "The program writes its data there.",
    symptom: '"Read-only file system" for a file below the mount.',
    cause: "It writes there after all",
    action: "Take ro off this mount, or mount the part that it writes on its own.",
    onEngine: true,
  },
  "sensitive-host-mount": {
    letItBe: "A backup that reads the host as a whole, read-only, from an image that is pinned by digest.",
    symptom: '"no such file or directory" at start.',
    cause: "The program reads a file from that folder",
    action: "Mount this one file read-only, or copy it to a config or a secret.",
    onEngine: true,
  },
  "tmpfs-options": {
    letItBe: "The program unpacks and starts programs there: JNA, a Python wheel, a browser.",
    symptom: '"Permission denied" when something in /tmp is started.',
    cause: "noexec",
    action: "Set the program's temporary folder to a tmpfs with exec, such as -Djava.io.tmpdir.",
  },
  "volume-options": {
    letItBe: "The volume is a network share that the service needs, with a password from a file.",
    symptom: "The service starts with an empty folder.",
    cause: "The volume was replaced by a plain one",
    action: "Mount the share on the host, and bind the one folder that is needed.",
    onEngine: true,
  },
};
