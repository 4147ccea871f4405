import type { Command } from "commander";

/**
 * Lets an option that stands before a subcommand hold for it (`bulkhead history --history X silences`), as if it stood behind. One that
 * the subcommand does not have is wrong use: it would be dropped without a word.
 */
export function holdOptionsBelow(parent: Command): Command {
  return parent.hook("preAction", (_, action) => {
    if (action === parent) return;
    for (const option of parent.options) {
      const name = option.attributeName();
      if (parent.getOptionValueSource(name) !== "cli") continue;
      const own = action.options.find((each) => each.long === option.long);
      if (!own) action.error(`error: bulkhead ${parent.name()} ${action.name()} has no ${option.long}`);
      const value = parent.getOptionValue(name);
      if (own?.argChoices && !own.argChoices.includes(value))
        action.error(
          `error: option '${own.flags}' argument '${value}' is invalid. Allowed choices are ${own.argChoices.join(", ")}.`,
        );
      if (action.getOptionValueSource(name) !== "cli") action.setOptionValueWithSource(name, value, "cli");
    }
  });
}
