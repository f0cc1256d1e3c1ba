import { type Command, Option } from "commander";

/**
 * Adds an option that must be given. Commander's own kind is missed before anything else is looked at, so that who mistypes it
 * hears that it is missing, and not what was mistyped.
 */
export function addNeededOption(command: Command, flags: string, description: string): Command {
  const option = new Option(flags, description);
  return command.addOption(option).hook("preAction", () => {
    if (command.getOptionValue(option.attributeName()) !== undefined) return;
    command.error(`error: required option '${flags}' not specified`);
  });
}
