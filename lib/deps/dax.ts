/**
 * dax: shell-like templates for scripts. Loaded only by `shell()`.
 *
 * @module
 */

export { $ } from "npm:dax@^0.49.0";
