/** Another program's reading of JSON Schema, so that ours is not its own judge. */
export { Ajv } from "npm:ajv@^8.17.1";
