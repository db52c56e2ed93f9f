/** The tokens between the scanner and the composer. */

/** What a token is. */
export enum T {
  StreamEnd,
  VersionDirective,
  TagDirective,
  DocumentStart,
  DocumentEnd,
  BlockSequenceStart,
  BlockMappingStart,
  BlockEnd,
  FlowSequenceStart,
  FlowSequenceEnd,
  FlowMappingStart,
  FlowMappingEnd,
  BlockEntry,
  FlowEntry,
  Key,
  Value,
  Alias,
  Anchor,
  Tag,
  Scalar,
}

/** How a scalar was written. */
export enum Style {
  Plain,
  SingleQuoted,
  DoubleQuoted,
  Literal,
  Folded,
}

/** A token; `line` is 0-based. `suffix` belongs to tags. */
export interface Token {
  t: T;
  line: number;
  value: string;
  suffix: string;
  style: Style;
}

/** A place where a `?` would have to be inserted should a `:` follow. */
export interface SimpleKey {
  possible: boolean;
  required: boolean;
  tokenNumber: number;
  pos: number;
  line: number;
  column: number;
}
