import { spawn } from "node:child_process";

/**
 * Tells systemd of the service's state, for units of `Type=notify`. The socket is one for datagrams, which Node cannot send, so each
 * message is a run of `systemd-notify`; the unit needs `NotifyAccess=all` for it, since it is not the main process.
 *
 * @see https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
 */
export interface Notifier {
  /** Told once; later calls are nothing. */
  ready(): void;
  stopping(): Promise<void>;
}

export interface NotifyOptions {
  readonly environment: NodeJS.ProcessEnv;
  /** What `systemctl status` shows; asked for each time. */
  readonly status: () => string;
  /** Whether the watch does its work. While it does not, the watchdog hears nothing, and systemd starts the service again. */
  readonly isAlive: () => boolean;
  readonly say: (text: string) => void;
}

/** Does nothing where no socket is named: not every watch is a service. */
export function openNotifier({ environment, status, isAlive, say }: NotifyOptions): Notifier {
  if (!environment.NOTIFY_SOCKET) return { ready() {}, async stopping() {} };
  let isReady = false;
  let failing = false;
  let timer: NodeJS.Timeout | undefined;

  function notify(...states: readonly string[]): Promise<void> {
    return new Promise((resolve) => {
      const child = spawn("systemd-notify", [...states], {
        env: { PATH: environment.PATH, NOTIFY_SOCKET: environment.NOTIFY_SOCKET },
        stdio: "ignore",
        timeout: 5_000,
      });
      child.once("error", (error: NodeJS.ErrnoException) => {
        tell(
          error.code === "ENOENT" ? "the program systemd-notify is not there" : (error.code ?? error.message),
        );
        resolve();
      });
      child.once("close", (code) => {
        if (code !== 0) tell(`systemd-notify ended with ${code}`);
        else failing = false;
        resolve();
      });
    });
  }

  function tell(why: string): void {
    if (!failing) say(`systemd cannot be notified: ${why}`);
    failing = true;
  }

  return {
    ready() {
      if (isReady) return;
      isReady = true;
      void notify("READY=1", `STATUS=${oneLine(status())}`);
      const period = watchdogPeriod(environment);
      if (period === undefined) return;
      timer = setInterval(() => {
        if (isAlive()) void notify("WATCHDOG=1", `STATUS=${oneLine(status())}`);
      }, period);
      timer.unref();
    },
    async stopping() {
      if (timer) clearInterval(timer);
      await notify("STOPPING=1");
    },
  };
}

/** Half of what systemd waits for, in milliseconds; undefined where it does not wait, or waits for another process. */
export function watchdogPeriod(
  { WATCHDOG_USEC, WATCHDOG_PID }: NodeJS.ProcessEnv,
  own: number = process.pid,
): number | undefined {
  const microseconds = Number(WATCHDOG_USEC);
  if (!Number.isFinite(microseconds) || microseconds <= 0) return undefined;
  if (WATCHDOG_PID !== undefined && Number(WATCHDOG_PID) !== own) return undefined;
  return Math.max(100, microseconds / 2_000);
}

/** A line break would begin another variable. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, " ");
}
