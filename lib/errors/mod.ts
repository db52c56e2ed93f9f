/**
 * Stacked errors (being written).
 *
 * @module
 */

export {};
