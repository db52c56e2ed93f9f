/** A text that is not YAML. The message has yaml.v2's form: `yaml: line N: problem`. */
export class YamlError extends Error {
  /** The class's name. */
  override readonly name = "YamlError";

  /** `line` is 1-based; 0 leaves it out of the message. */
  constructor(
    /** What is wrong. */
    readonly problem: string,
    /** Where, 1-based. */
    readonly line: number,
  ) {
    super(line > 0 ? `yaml: line ${line}: ${problem}` : `yaml: ${problem}`);
  }
}
