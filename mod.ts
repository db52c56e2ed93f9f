/**
 * superorch: programs instead of shell scripts and compose files.
 *
 * Every module is also an entry point of its own (`@superorch/superorch/errors`, …), and
 * importing one loads nothing of the others.
 *
 * @module
 */

export * as errors from "./lib/errors/mod.ts";
