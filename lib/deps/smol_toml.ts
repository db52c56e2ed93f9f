/** smol-toml: reads TOML. */
export { parse, TomlDate } from "npm:smol-toml@^1.9.0";
