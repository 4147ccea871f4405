import { compose, inspect, run, testControl, view } from "../../../test/support/control-table.ts";
import { container } from "../../model/container.ts";
import { set } from "../../model/fact.ts";
import { oomScore } from "./oom-score.ts";

testControl(oomScore, {
  fails: [
    compose("services: { a: { image: nginx, oom_score_adj: -999 } }", { message: /-999/ }),
    run("docker run --oom-score-adj=-1 nginx"),
    inspect({ HostConfig: { OomScoreAdj: -500 } }),
    view(
      "the kernel's word",
      container("effective", { oomScoreAdj: set(-1000, { kernel: "/proc/7/oom_score_adj" }) }),
    ),
  ],
  passes: [
    run("docker run nginx"),
    run("docker run --oom-score-adj 100 nginx"),
    compose("services: { a: { image: nginx, oom_score_adj: 0 } }"),
  ],
  unknown: [compose("services: { a: { image: nginx, oom_score_adj: '${SCORE:?}' } }")],
});
