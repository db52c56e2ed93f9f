/**
 * Words of a command line to typed options: commander, with the types of its own companion
 * package, which infers them from the text of the flags and adds nothing at run time.
 *
 * @module
 */

// @ts-types="npm:@commander-js/extra-typings@^15.1.0"
export {
  Argument,
  Command,
  CommanderError,
  type CommandUnknownOpts,
  InvalidArgumentError,
  Option,
} from "npm:commander@^15.1.0";
