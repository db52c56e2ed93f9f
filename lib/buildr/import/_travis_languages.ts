/** What Travis does for a language that says nothing else. */
export interface TravisLanguage {
  /** Key with the versions; `undefined` for languages without versions. */
  readonly versions: string | undefined;
  /** Image of a version; `undefined` for the default one. */
  readonly image: (version: string | undefined) => string;
  /** What installs dependencies. */
  readonly install: readonly string[];
  /** What tests. */
  readonly script: readonly string[];
  /** Directories that `cache: NAME` means, by name. */
  readonly caches?: Readonly<Record<string, readonly string[]>>;
}

function tagged(
  repository: string,
  fallback: string,
  tagOf: (version: string) => string = (version) => version,
): TravisLanguage["image"] {
  return (version) => {
    const tag = version === undefined ? fallback : tagOf(version);
    return `${repository}:${/^[\w][\w.-]*$/.test(tag) ? tag : fallback}`;
  };
}

const node: TravisLanguage = {
  versions: "node_js",
  image: tagged("node", "lts", (version) => {
    if (/^(?:node|stable|current|latest)$/.test(version)) return "current";
    return version.replace(/^lts\/\*$/, "lts").replace(/^lts\//, "");
  }),
  install: ["if [ -f package-lock.json ]; then npm ci; else npm install; fi"],
  script: ["npm test"],
  caches: { npm: ["/root/.npm"], yarn: ["/usr/local/share/.cache/yarn"] },
};

const python: TravisLanguage = {
  versions: "python",
  image: tagged(
    "python",
    "3",
    (version) => version.replace(/-dev$/, "-rc").replace(/^nightly$/, "3"),
  ),
  install: ["if [ -f requirements.txt ]; then pip install -r requirements.txt; fi"],
  script: ["if [ -f Makefile ]; then make test; else python -m pytest; fi"],
  caches: { pip: ["/root/.cache/pip"] },
};

const ruby: TravisLanguage = {
  versions: "rvm",
  image: tagged("ruby", "latest", (version) => version.replace(/^ruby-/, "")),
  install: ["bundle install --jobs=3 --retry=3"],
  script: ["bundle exec rake"],
  caches: { bundler: ["/usr/local/bundle"] },
};

const java: TravisLanguage = {
  versions: "jdk",
  image: tagged("maven", "3-eclipse-temurin-21", (version) => {
    const number = /\d+/.exec(version)?.[0];
    return number === undefined ? "3-eclipse-temurin-21" : `3-eclipse-temurin-${number}`;
  }),
  install: [
    "if [ -f gradlew ]; then ./gradlew assemble; " +
    "elif [ -f mvnw ]; then ./mvnw install -DskipTests=true -B -V; " +
    "elif [ -f pom.xml ]; then mvn install -DskipTests=true -B -V; fi",
  ],
  script: [
    "if [ -f gradlew ]; then ./gradlew check; elif [ -f mvnw ]; then ./mvnw test -B; " +
    "elif [ -f pom.xml ]; then mvn test -B; else ant test; fi",
  ],
};

const c: TravisLanguage = {
  versions: undefined,
  image: () => "gcc:latest",
  install: [],
  script: ["./configure && make && make test"],
};

const bare: TravisLanguage = { versions: undefined, image: () => "", install: [], script: [] };

/** The languages that are known, by the name of `language`. */
export const LANGUAGES: Readonly<Record<string, TravisLanguage>> = {
  node_js: node,
  javascript: node,
  python,
  ruby,
  java,
  kotlin: java,
  groovy: java,
  c,
  cpp: c,
  "c++": c,
  go: {
    versions: "go",
    image: tagged(
      "golang",
      "latest",
      (version) => version.replace(/^(?:tip|stable|master)$/, "latest").replace(/\.x$/, ""),
    ),
    install: ["if [ ! -f Makefile ]; then go mod download; fi"],
    script: ["if [ -f Makefile ]; then make; else go test -v ./...; fi"],
  },
  rust: {
    versions: "rust",
    image: tagged(
      "rust",
      "latest",
      (version) => ({ stable: "latest", beta: "latest", nightly: "latest" })[version] ?? version,
    ),
    install: [],
    script: ["cargo build --verbose", "cargo test --verbose"],
    caches: { cargo: ["/usr/local/cargo/registry", "target"] },
  },
  php: {
    versions: "php",
    image: tagged("php", "cli", (version) => `${version}-cli`),
    install: [],
    script: ["phpunit"],
  },
  perl: {
    versions: "perl",
    image: tagged("perl", "latest"),
    install: ["cpanm --quiet --installdeps --notest ."],
    script: ["prove -l t"],
  },
  elixir: {
    versions: "elixir",
    image: tagged("elixir", "latest"),
    install: ["mix local.hex --force", "mix deps.get"],
    script: ["mix test"],
  },
  haskell: {
    versions: "ghc",
    image: tagged("haskell", "latest"),
    install: ["cabal update"],
    script: ["cabal test"],
  },
  scala: {
    versions: undefined,
    image: () => "sbtscala/scala-sbt:eclipse-temurin-21.0.2_13_1.9.9_2.13.13",
    install: [],
    script: ["sbt test"],
  },
  generic: bare,
  minimal: bare,
  shell: bare,
  bash: bare,
  sh: bare,
};

/** Images of the systems that Travis calls by the names of Ubuntu. */
export const DISTRIBUTIONS: Readonly<Record<string, string>> = {
  noble: "ubuntu:24.04",
  jammy: "ubuntu:22.04",
  focal: "ubuntu:20.04",
  bionic: "ubuntu:18.04",
  xenial: "ubuntu:16.04",
  trusty: "ubuntu:14.04",
};

/** Images of services by Travis' names. */
export const SERVICES: Readonly<Record<string, { readonly host: string; readonly image: string }>> =
  {
    postgresql: { host: "postgres", image: "postgres:16" },
    postgres: { host: "postgres", image: "postgres:16" },
    mysql: { host: "mysql", image: "mysql:8" },
    mariadb: { host: "mariadb", image: "mariadb:11" },
    "redis-server": { host: "redis", image: "redis:7" },
    redis: { host: "redis", image: "redis:7" },
    mongodb: { host: "mongo", image: "mongo:7" },
    rabbitmq: { host: "rabbitmq", image: "rabbitmq:3" },
    memcached: { host: "memcached", image: "memcached:1" },
    elasticsearch: { host: "elasticsearch", image: "elasticsearch:8.13.0" },
    cassandra: { host: "cassandra", image: "cassandra:5" },
    couchdb: { host: "couchdb", image: "couchdb:3" },
    neo4j: { host: "neo4j", image: "neo4j:5" },
  };
