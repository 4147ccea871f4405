import type { CanonicalRequest } from "../request/request.ts";
import { judgeBuild } from "./build.ts";
import { shutBy } from "./closed.ts";
import { judgeCreate } from "./container-create.ts";
import { judgeExecCreate, judgeExecStart } from "./exec.ts";
import { judgeExisting } from "./existing.ts";
import {
  judgeImageCreate,
  judgeImageDelete,
  judgeImageLoad,
  judgeImagePush,
  judgeImageSave,
  judgeImageTag,
  judgeOutgoing,
} from "./images.ts";
import { type Around, inTurn, type Judge, type Judgement } from "./judge.ts";
import { judgeCheckpoint, judgeCommit, judgeStart, withContainerInBody } from "./lifecycle.ts";
import { judgeNetworkConnect, judgeNetworkCreate } from "./networks.ts";
import { judgeNetworkInspect, labelled, withOwnerFilter } from "./owner.ts";
import { judgeService } from "./services.ts";
import { judgeUpdate } from "./update.ts";
import { judgeVolumeCreate } from "./volumes.ts";

/** Names are all there is to judge: they are full ids by then, and their owner was looked at. */
const byItsNames: Judge = () => ({});

const plugin = shutBy("guard-plugin", "deals with plugins, which run as root beside the Engine");
const swarm = shutBy("guard-swarm", "deals with the swarm, whose managers own every machine in it");
const tunnel = shutBy("guard-tunnel", "opens a tunnel into the Engine, of which the guard sees nothing");
const secret = shutBy("guard-secret", "makes or changes what services are given as secrets and settings");

const withLabel: Judge = (request, around) => {
  const own = labelled(request.body, around);
  return {
    request: own.body === request.body ? request : { ...request, body: own.body },
    reasons: own.reasons,
  };
};

/** Who judges which route, by its id. Every route of the table stands here. */
export const judges: Readonly<Record<string, Judge>> = {
  ping: byItsNames,
  "ping-head": byItsNames,
  version: byItsNames,
  info: byItsNames,
  events: withOwnerFilter,
  "disk-usage": byItsNames,
  auth: judgeOutgoing,

  "container-list": withOwnerFilter,
  "container-create": judgeCreate,
  "container-inspect": byItsNames,
  "container-top": byItsNames,
  "container-logs": byItsNames,
  "container-changes": byItsNames,
  "container-export": judgeExisting,
  "container-stats": byItsNames,
  "container-archive-stat": judgeExisting,
  "container-archive-get": judgeExisting,
  "container-archive-put": judgeExisting,
  "container-start": judgeStart,
  "container-stop": byItsNames,
  "container-restart": judgeStart,
  "container-kill": byItsNames,
  "container-pause": byItsNames,
  "container-unpause": judgeStart,
  "container-wait": byItsNames,
  "container-resize": byItsNames,
  "container-rename": judgeExisting,
  "container-update": judgeUpdate,
  "container-attach": judgeExisting,
  "container-attach-websocket": judgeExisting,
  "container-delete": byItsNames,
  "container-prune": withOwnerFilter,
  "container-commit": judgeCommit,

  "exec-create": judgeExecCreate,
  "exec-inspect": byItsNames,
  "exec-start": judgeExecStart,
  "exec-resize": byItsNames,

  "checkpoint-list": judgeCheckpoint,
  "checkpoint-create": judgeCheckpoint,
  "checkpoint-delete": judgeCheckpoint,

  "image-list": byItsNames,
  "image-search": judgeOutgoing,
  "image-save": byItsNames,
  "image-save-many": judgeImageSave,
  "image-history": byItsNames,
  "image-inspect": byItsNames,
  "image-load": judgeImageLoad,
  "image-create": judgeImageCreate,
  "image-push": judgeImagePush,
  "image-tag": judgeImageTag,
  "image-prune": withOwnerFilter,
  "image-delete": judgeImageDelete,
  "distribution-inspect": judgeOutgoing,

  build: judgeBuild,
  "build-prune": byItsNames,
  "build-cancel": byItsNames,
  session: tunnel,
  grpc: tunnel,

  "network-list": withOwnerFilter,
  "network-inspect": judgeNetworkInspect,
  "network-create": judgeNetworkCreate,
  "network-connect": judgeNetworkConnect,
  "network-disconnect": withContainerInBody,
  "network-prune": withOwnerFilter,
  "network-delete": byItsNames,

  "volume-list": withOwnerFilter,
  "volume-inspect": byItsNames,
  "volume-create": judgeVolumeCreate,
  "volume-update": swarm,
  "volume-prune": withOwnerFilter,
  "volume-delete": byItsNames,

  "plugin-list": byItsNames,
  "plugin-inspect": byItsNames,
  "plugin-privileges": plugin,
  "plugin-pull": plugin,
  "plugin-upgrade": plugin,
  "plugin-create": plugin,
  "plugin-push": plugin,
  "plugin-set": plugin,
  "plugin-enable": plugin,
  "plugin-disable": plugin,
  "plugin-delete": plugin,

  "swarm-inspect": swarm,
  "swarm-unlock-key": swarm,
  "swarm-init": swarm,
  "swarm-join": swarm,
  "swarm-leave": swarm,
  "swarm-update": swarm,
  "swarm-unlock": swarm,
  "node-list": byItsNames,
  "node-inspect": byItsNames,
  "node-update": swarm,
  "node-delete": swarm,

  "service-list": withOwnerFilter,
  "service-inspect": byItsNames,
  "service-create": judgeService,
  "service-update": judgeService,
  "service-delete": byItsNames,
  "service-logs": byItsNames,
  "task-list": withOwnerFilter,
  "task-inspect": byItsNames,
  "task-logs": byItsNames,

  "secret-list": withOwnerFilter,
  "secret-inspect": byItsNames,
  "secret-create": inTurn(secret, withLabel),
  "secret-update": inTurn(secret, withLabel),
  "secret-delete": secret,
  "config-list": withOwnerFilter,
  "config-inspect": byItsNames,
  "config-create": inTurn(secret, withLabel),
  "config-update": inTurn(secret, withLabel),
  "config-delete": secret,
};

/** A route that nobody judges is closed, so that a new one of the table cannot slip through. */
export function judgeRoute(request: CanonicalRequest, around: Around): Judgement {
  const { id } = request.route;
  const judge = Object.hasOwn(judges, id) ? judges[id] : undefined;
  if (judge) return judge(request, around);
  return {
    reasons: [
      { rule: "guard-route", message: `${id} is a route that this version of the guard does not judge` },
    ],
  };
}
