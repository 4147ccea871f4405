import { high, low, medium, type Place, places } from "./place.ts";

/** Home folders. `~` is the home of the user who wrote the file. */
const homes = ["/root", "/home/*", "/Users/*", "/~"] as const;

function inHomes(...names: readonly string[]): readonly string[] {
  return homes.flatMap((home) => names.map((name) => `${home}/${name}`));
}

/** Rewritten source of a bind that was written with `~`: `~/.aws` is `/~/.aws`. */
export function underTilde(source: string | undefined): string | undefined {
  return source !== undefined && /^~(\/|$)/.test(source) ? `/${source}` : undefined;
}

/** A user's dot files and key folders. A project below the home folder does not count. */
export const homePlaces: readonly Place[] = [
  ...places(
    "credentials",
    "a person's keys and credentials",
    inHomes(
      ...[".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".oci", ".password-store", ".terraform.d"],
      ...[".config/gcloud", ".config/gh", ".config/hub", ".config/rclone", ".config/op", ".config/doctl"],
      ...[".config/sops", ".config/helm", ".local/share/keyrings", ".mozilla", ".thunderbird"],
      ...[".config/google-chrome", ".config/chromium", ".config/BraveSoftware"],
      ...[".netrc", ".git-credentials", ".vault-token", ".npmrc", ".pypirc", ".pgpass", ".my.cnf", ".boto"],
      ...[".s3cfg", ".terraformrc", ".gem/credentials", ".cargo/credentials.toml", ".m2/settings.xml"],
      ...[".Xauthority", ".ICEauthority"],
    ),
    // Reading is the harm.
    { read: high("steal keys and tokens, and act as their owner") },
  ),
  ...places(
    "shell",
    "a person's start-up files",
    inHomes(
      ...[".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".bash_aliases", ".profile", ".inputrc"],
      ...[".zshrc", ".zshenv", ".zprofile", ".zlogin", ".zlogout", ".oh-my-zsh", ".config/fish"],
      ...[".pam_environment", ".xprofile", ".xinitrc", ".xsession", ".xsessionrc", ".config/environment.d"],
      ...[".vimrc", ".vim", ".config/nvim", ".emacs", ".emacs.d", ".tmux.conf", ".gitconfig", ".config/git"],
    ),
  ),
  ...places(
    "unit",
    "what starts with a person's session",
    inHomes(".config/systemd", ".config/autostart", ".local/share/systemd", ".local/share/dbus-1"),
    { write: { severity: "high", can: "add a program that starts when that person logs in" } },
  ),
  ...places(
    "program",
    "programs of a person",
    inHomes("bin", ".local/bin", ".local/lib", ".cargo/bin", ".nvm", ".rbenv", ".pyenv", ".asdf", ".sdkman"),
    {
      write: { severity: "high", can: "replace programs that this person runs" },
      read: undefined,
    },
  ),
  ...places("credentials", "a person's settings", inHomes(".config"), {
    write: { severity: "high", can: "change what starts when that person logs in, and steal tokens" },
    read: medium("steal tokens that programs keep there"),
  }),
  ...places(
    "data",
    "what a person typed",
    inHomes(
      ".bash_history",
      ".zsh_history",
      ".python_history",
      ".psql_history",
      ".mysql_history",
      ".viminfo",
    ),
    {
      write: medium("read and change what that person typed, with passwords in it"),
      read: medium("read what that person typed, with passwords in it"),
    },
  ),
  ...places(
    "settings",
    "the engine's settings of a person",
    inHomes(".config/docker", ".config/containers"),
    {
      write: { severity: "high", can: "change what that person's rootless engine does" },
      read: low("see how that person's rootless engine is set up"),
    },
  ),
];
