import { Command } from "commander";
import { addAuditOptions } from "./audit/options.ts";
import { addHelpCommand, addProgramHelp, complainInOneLine } from "./common/help.ts";
import { version } from "./common/version.ts";
import { addCompletionOptions, type Shell } from "./completion/options.ts";
import { addAdvisoriesOptions, addControlsOptions, addExplainOptions } from "./controls/options.ts";
import { addDoctorOptions } from "./doctor/options.ts";
import { addFixOptions } from "./fix/options.ts";
import {
  addFleetAcceptOptions,
  addFleetAssignOptions,
  addFleetEnrolOptions,
  addFleetFindingsOptions,
  addFleetHelp,
  addFleetHostsOptions,
  addFleetRemoveOptions,
} from "./fleet/options.ts";
import {
  addAuthzOptions,
  addCheckOptions,
  addGuardHelp,
  addGuardProxyOptions,
  addPolicyCommandOptions,
  addTryOptions,
} from "./guard/options.ts";
import { addGuardRunOptions } from "./guard/run-options.ts";
import {
  addAckOptions,
  addEndOptions,
  addHistoryOptions,
  addProofsOptions,
  addSilenceOptions,
  addSilencesOptions,
} from "./history/options.ts";
import { addInitOptions } from "./init/options.ts";
import { addInstallPluginOptions } from "./install-plugin/options.ts";
import { addLearnOptions } from "./learn/options.ts";
import { addLspOptions } from "./lsp/options.ts";
import { addProveOptions } from "./prove/options.ts";
import { addProfileOptions, addReachOptions } from "./reach/options.ts";
import { addRunOptions } from "./run/options.ts";
import {
  addBackupOptions,
  addMakeTokenOptions,
  addResetOptions,
  addRestoreOptions,
  addServeOptions,
} from "./serve/options.ts";
import { addWatchOptions } from "./watch/options.ts";
import { addWhyOptions } from "./why/options.ts";

/** Adds one command, with its options and its own commands. What a command needs is loaded when it is called. */
type Add = (program: Command) => void;

/** In the order in which the help lists them. */
const commands: Readonly<Record<string, Add>> = {
  audit: (program) => {
    addAuditOptions(program.command("audit")).action(async (targets: string[], options) => {
      const { runAudit } = await import("./audit/audit.ts");
      process.exitCode = await runAudit(targets, options);
    });
  },

  fix: (program) => {
    addFixOptions(program.command("fix")).action(async (targets: string[], options) => {
      const [target, ...others] = targets;
      if (options.resume) {
        const { resume } = await import("./fix/unfinished.ts");
        process.exitCode = await resume(options);
        return;
      }
      if (target?.startsWith("container:") && target !== "container:" && others.length === 0) {
        const { fixContainer } = await import("./fix/container.ts");
        process.exitCode = await fixContainer(target.slice("container:".length), options);
        return;
      }
      if (target === "engine" && others.length === 0) {
        const { fixEngine } = await import("./fix/engine.ts");
        process.exitCode = await fixEngine(options);
        return;
      }
      if (options.undo) {
        const { undoFiles } = await import("./fix/undo.ts");
        process.exitCode = undoFiles(targets, options);
        return;
      }
      const { runFix } = await import("./fix/fix.ts");
      process.exitCode = await runFix(targets, options);
    });
  },

  learn: (program) => {
    addLearnOptions(program.command("learn")).action(async (target: string | undefined, options) => {
      const { runLearn } = await import("./learn/learn.ts");
      process.exitCode = await runLearn(target, options);
    });
  },

  why: (program) => {
    addWhyOptions(program.command("why")).action(async (words: readonly string[], options) => {
      const { runWhy } = await import("./why/why.ts");
      process.exitCode = await runWhy(words, options);
    });
  },

  run: (program) => {
    addRunOptions(program.command("run")).action(async (words: string[], options, command) => {
      if (options.help) command.help();
      const { runContainer } = await import("./run/run.ts");
      process.exitCode = await runContainer(words, options);
    });
  },

  guard: (program) => {
    const guard = addGuardHelp(program.command("guard"));

    addGuardProxyOptions(guard.command("proxy")).action(async (options) => {
      const { runGuardProxy } = await import("./guard/proxy.ts");
      process.exitCode = await runGuardProxy(options);
    });

    addAuthzOptions(guard.command("authz")).action(async (options) => {
      const { runAuthz } = await import("./guard/authz.ts");
      process.exitCode = await runAuthz(options);
    });

    addCheckOptions(guard.command("check")).action(async (path: string, options) => {
      const { checkRequest } = await import("./guard/check.ts");
      process.exitCode = await checkRequest(path, options);
    });

    addTryOptions(guard.command("try")).action(async (words: readonly string[], options) => {
      const { tryCommand } = await import("./guard/try.ts");
      process.exitCode = await tryCommand(words, options);
    });

    addGuardRunOptions(guard.command("run")).action(async (words: readonly string[], options) => {
      const { runLeashed } = await import("./guard/run.ts");
      process.exitCode = await runLeashed(words, options);
    });

    addPolicyCommandOptions(guard.command("policy")).action(async (options) => {
      const { printPolicy } = await import("./guard/policy.ts");
      process.exitCode = await printPolicy(options);
    });
  },

  watch: (program) => {
    addWatchOptions(program.command("watch")).action(async (options) => {
      const { runWatch } = await import("./watch/watch.ts");
      process.exitCode = await runWatch(options);
    });
  },

  serve: (program) => {
    const serve = addServeOptions(program.command("serve")).action(async (options) => {
      const { runServe } = await import("./serve/serve.ts");
      process.exitCode = await runServe(options);
    });

    // What stands before the command's name holds for it, too: serve --store X backup FILE.
    addBackupOptions(serve.command("backup")).action(async (file: string, _, command: Command) => {
      const { backUp } = await import("./serve/own-store.ts");
      process.exitCode = await backUp(file, command.optsWithGlobals());
    });

    addRestoreOptions(serve.command("restore")).action(async (file: string, _, command: Command) => {
      const { restore } = await import("./serve/own-store.ts");
      process.exitCode = await restore(file, command.optsWithGlobals());
    });

    addResetOptions(serve.command("reset-password")).action(async (name: string, _, command: Command) => {
      const { offerReset } = await import("./serve/own-store.ts");
      process.exitCode = await offerReset(name, command.optsWithGlobals());
    });

    addMakeTokenOptions(serve.command("make-token")).action(async (name: string, _, command: Command) => {
      const { makeApiToken } = await import("./serve/own-store.ts");
      process.exitCode = await makeApiToken(name, command.optsWithGlobals());
    });
  },

  fleet: (program) => {
    const fleet = addFleetHelp(program.command("fleet"));

    addFleetFindingsOptions(fleet.command("findings")).action(async (options) => {
      const { listFleetFindings } = await import("./fleet/fleet.ts");
      process.exitCode = await listFleetFindings(options);
    });

    addFleetHostsOptions(fleet.command("hosts")).action(async (options) => {
      const { listFleetHosts } = await import("./fleet/fleet.ts");
      process.exitCode = await listFleetHosts(options);
    });

    addFleetAcceptOptions(fleet.command("accept")).action(async (options) => {
      const { accept, changeFleet } = await import("./fleet/change.ts");
      process.exitCode = await changeFleet(accept, options);
    });

    addFleetAssignOptions(fleet.command("assign")).action(async (options) => {
      const { assign, changeFleet } = await import("./fleet/change.ts");
      process.exitCode = await changeFleet(assign, options);
    });

    addFleetEnrolOptions(fleet.command("enrol")).action(async (options) => {
      const { changeFleet, enrol } = await import("./fleet/change.ts");
      process.exitCode = await changeFleet(enrol, options);
    });

    addFleetRemoveOptions(fleet.command("remove")).action(async (name: string, options) => {
      const { changeFleet, remove } = await import("./fleet/change.ts");
      process.exitCode = await changeFleet(remove(name), options);
    });
  },

  lsp: (program) => {
    addLspOptions(program.command("lsp")).action(async () => {
      const { runLsp } = await import("./lsp/lsp.ts");
      process.exitCode = await runLsp();
    });
  },

  doctor: (program) => {
    addDoctorOptions(program.command("doctor")).action(async (options) => {
      const { runDoctor } = await import("./doctor/doctor.ts");
      process.exitCode = await runDoctor(options);
    });
  },

  history: (program) => {
    const history = addHistoryOptions(program.command("history")).action(async (options) => {
      const { runHistory } = await import("./history/history.ts");
      process.exitCode = await runHistory(options);
    });

    addAckOptions(history.command("ack")).action(async (control: string, subject: string, options) => {
      const { acknowledge } = await import("./history/silences.ts");
      process.exitCode = await acknowledge(control, subject, options);
    });

    addSilenceOptions(history.command("silence")).action(
      async (control: string, subject: string, options) => {
        const { silence } = await import("./history/silences.ts");
        process.exitCode = await silence(control, subject, options);
      },
    );

    addSilencesOptions(history.command("silences")).action(async (options) => {
      const { listSilences } = await import("./history/silences.ts");
      process.exitCode = await listSilences(options);
    });

    addEndOptions(history.command("end")).action(async (number: string, options) => {
      const { endSilence } = await import("./history/silences.ts");
      process.exitCode = await endSilence(number, options);
    });

    addProofsOptions(history.command("proofs")).action(async (options) => {
      const { listProofs } = await import("./history/proofs.ts");
      process.exitCode = await listProofs(options);
    });
  },

  prove: (program) => {
    addProveOptions(program.command("prove")).action(async (subject: string | undefined, options) => {
      const { runProve } = await import("./prove/prove.ts");
      process.exitCode = await runProve(subject, options);
    });
  },

  reach: (program) => {
    addReachOptions(program.command("reach")).action(async (subject: string | undefined, options) => {
      const { runReach } = await import("./reach/reach.ts");
      process.exitCode = await runReach(subject, options);
    });
  },

  profile: (program) => {
    addProfileOptions(program.command("profile")).action(async (options) => {
      const { writeProfile } = await import("./reach/profile.ts");
      process.exitCode = writeProfile(options);
    });
  },

  controls: (program) => {
    addControlsOptions(program.command("controls")).action(async (options) => {
      if (options.check) {
        const { checkControls } = await import("./controls/check.ts");
        process.exitCode = await checkControls(options.config);
        return;
      }
      const { listControls } = await import("./controls/controls.ts");
      process.exitCode = listControls(options.format);
    });
  },

  advisories: (program) => {
    addAdvisoriesOptions(program.command("advisories")).action(async (target, options) => {
      const { listAdvisories } = await import("./controls/advisories.ts");
      process.exitCode = await listAdvisories(target, options);
    });
  },

  explain: (program) => {
    addExplainOptions(program.command("explain")).action(async (id: string) => {
      const { explainControl } = await import("./controls/explain.ts");
      process.exitCode = explainControl(id);
    });
  },

  completion: (program) => {
    addCompletionOptions(program.command("completion")).action(async (shell: Shell) => {
      const { printCompletion } = await import("./completion/completion.ts");
      process.exitCode = printCompletion(buildProgram(), shell);
    });
  },

  init: (program) => {
    addInitOptions(program.command("init")).action(async (options) => {
      const { runInit } = await import("./init/init.ts");
      process.exitCode = await runInit(options);
    });
  },

  "install-plugin": (program) => {
    addInstallPluginOptions(program.command("install-plugin")).action(async () => {
      const { installDockerPlugin } = await import("./install-plugin/install-plugin.ts");
      process.exitCode = installDockerPlugin();
    });
  },
};

/**
 * The program with every command, or with the one that is called by its name: to add the options of all costs several
 * milliseconds.
 */
export function buildProgram(called = ""): Command {
  const program = addProgramHelp(new Command("bulkhead"))
    .version(version, "-V, --version", "print the version")
    // What stands behind `run` is docker's: only its own options in front of that are read.
    .enablePositionalOptions()
    .exitOverride();
  if (Object.hasOwn(commands, called)) commands[called]?.(program);
  else for (const add of Object.values(commands)) add(program);
  addHelpCommand(program);
  complainInOneLine(program);
  return program;
}
