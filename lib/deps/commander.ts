/** Command line parsing. */
export { Command, CommanderError, Option } from "npm:commander@^15";
