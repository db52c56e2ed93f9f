/**
 * esbuild, for what Node cannot read yet.
 *
 * @module
 */

export { stop, transform } from "npm:esbuild@^0.25.5";
