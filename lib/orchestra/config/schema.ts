/** The part of JSON Schema that a configuration needs. */
export interface JsonSchema {
  /** Which dialect it is; on the outermost one only. */
  readonly $schema?: string;
  /** A short name. */
  readonly title?: string;
  /** What it is for. */
  readonly description?: string;
  /** Which kind of value it is. */
  readonly type: "object" | "array" | "string" | "boolean";
  /** Keys that are known. */
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  /** Keys that must be there. */
  readonly required?: readonly string[];
  /** What other keys must have, or that there are none. */
  readonly additionalProperties?: JsonSchema | false;
  /** How few keys there may be. */
  readonly minProperties?: number;
  /** How many keys there may be. */
  readonly maxProperties?: number;
  /** What the items of a list must be. */
  readonly items?: JsonSchema;
  /** The value when it is left out. */
  readonly default?: string | boolean;
}

function text(description: string): JsonSchema {
  return { type: "string", description };
}

function texts(description: string): JsonSchema {
  return { type: "array", description, items: { type: "string" } };
}

function flag(description: string, byDefault: boolean): JsonSchema {
  return { type: "boolean", description, default: byDefault };
}

const BUILD: JsonSchema = {
  type: "object",
  required: ["configure", "install"],
  additionalProperties: false,
  properties: {
    configure: text("Bash script that prepares the build; it must make $BUILD_DIR"),
    install: text("Bash script that builds, and installs into $TMP_ROOT"),
    dependencies: texts("What it needs to be built and to run: `a`, `a~build` or `a@build`"),
    build_dependencies: texts("What it needs to be built only"),
    ndebug: flag("Whether NDEBUG holds in installed headers", true),
    asan: flag("Whether the address sanitizer is on in installed headers", false),
  },
};

const COMPONENT: JsonSchema = {
  type: "object",
  required: ["builds"],
  additionalProperties: false,
  properties: {
    builds: {
      type: "object",
      description: "Ways to build it, by name",
      additionalProperties: BUILD,
    },
    default_build: text("The build that is meant where none is named; the first by name if absent"),
    license: text("Name of the license file, in $BUILD_DIR or $SOURCE_DIR"),
    binary_archives: text("The archive remote that new archives go to"),
    repository: text("The repository of its sources, below one of remote_base_urls"),
    build_from_source: flag("Whether archives of it are never used", false),
    skip_post_install: flag("Whether what was built is merged as it is", false),
    add_to_path: texts("Directories for $PATH"),
    test_triggers: texts("Components that `install --test` installs too"),
    check_branch: texts("Commands that `check-branch` runs on each commit"),
  },
};

const NAMED_URLS: JsonSchema = {
  type: "array",
  items: {
    type: "object",
    minProperties: 1,
    maxProperties: 1,
    additionalProperties: { type: "string" },
  },
};

/** The schema of an expanded configuration, as JSON Schema. */
export const CONFIGURATION_SCHEMA: JsonSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "orchestra configuration",
  description: "What the templates in .orchestra/config must expand to",
  type: "object",
  required: ["components"],
  additionalProperties: false,
  properties: {
    components: {
      type: "object",
      description: "Everything that can be installed, by name",
      additionalProperties: COMPONENT,
    },
    add_to_path: texts("Directories for $PATH, before those of components"),
    environment: {
      type: "array",
      description: "Variables of scripts, in order; `-NAME` with an empty value unsets one",
      items: { type: "object", additionalProperties: { type: "string" } },
    },
    paths: {
      type: "object",
      description: "Directories that are not where they are by default: orchestra_root, " +
        "source_archives, binary_archives, tmproot, sources_dir, builds_dir",
      additionalProperties: { type: "string" },
    },
    remote_base_urls: { ...NAMED_URLS, description: "Where repositories are cloned from" },
    binary_archives: { ...NAMED_URLS, description: "Repositories of binary archives" },
    branches: texts("Branches, the first that exists is checked out"),
    min_orchestra_version: text("The oldest version that understands this configuration"),
  },
};
