/**
 * What a run takes when nothing is named: the commonest crates that Debian has, those that others
 * are made of first, so that most of a crate's dependencies have been looked at before it.
 */
export const COMMON_CRATES: readonly string[] = `
cfg-if libc autocfg version-check unicode-ident proc-macro2 quote syn memchr log once-cell lazy-static
bitflags itoa ryu scopeguard smallvec arrayvec either static-assertions
serde-derive serde serde-json serde-yaml toml anyhow thiserror-impl thiserror
aho-corasick regex-syntax regex regex-automata bstr globset walkdir same-file fnv
byteorder bytes hashbrown ahash indexmap num-traits num-integer num-bigint num-rational num-complex num-iter
num num-cpus num-derive num-enum
rand-core ppv-lite86 getrandom rand-chacha rand rand-distr fastrand
itertools semver rustc-version rustversion paste heck strsim unicode-width unicode-segmentation
unicode-normalization unicode-bidi percent-encoding form-urlencoded idna url textwrap
lock-api parking-lot-core parking-lot crossbeam-utils crossbeam-epoch crossbeam-channel crossbeam-deque
crossbeam-queue crossbeam rayon-core rayon dashmap
pin-utils pin-project-lite pin-project futures-core futures-io futures-sink futures-task futures-channel
futures-macro futures-util futures-executor futures slab
mio socket2 signal-hook-registry tokio-macros tokio tokio-util tokio-stream async-trait
http httparse http-body httpdate h2 want try-lock tower-service hyper tower tracing-core
tracing-attributes tracing tracing-log tracing-subscriber sharded-slab thread-local
time-macros time chrono iana-time-zone humantime
clap-lex os-str-bytes clap-derive clap clap-3 atty termcolor env-logger
tempfile nix rustix linux-raw-sys errno dirs dirs-sys home which
nom nom-4 minimal-lexical winnow pest pest-derive combine lalrpop-util
base64 hex data-encoding uuid typenum generic-array digest crypto-common block-buffer sha1 sha2 sha3 md-5
hmac subtle zeroize cpufeatures blake3 ring untrusted rustls sct webpki
pkg-config vcpkg cc jobserver cmake shlex
libz-sys libsqlite3-sys openssl-sys openssl libssh2-sys libgit2-sys git2 curl-sys curl bzip2-sys bzip2 lzma-sys xz2
zstd-sys zstd-safe zstd expat-sys freetype-sys yeslogic-fontconfig-sys pq-sys libudev-sys libdbus-sys onig-sys
onig pcre2-sys pcre2 psm stacker lua52-sys sha1-asm sha2-asm md5-asm link-cplusplus cxx
clang-sys bindgen libloading cexpr
miniz-oxide adler crc32fast flate2 tar zip
rusqlite r2d2 fallible-iterator hashlink
gimli object addr2line rustc-demangle backtrace
strum-macros strum derive-more derive-builder darling enumflags2 bytemuck zerocopy
toml-edit csv-core csv quick-xml xml-rs yaml-rust pulldown-cmark html5ever markup5ever string-cache phf
tinyvec bumpalo typed-arena petgraph fixedbitset ordered-float rgb png gif image
wait-timeout assert-cmd predicates proptest quickcheck criterion
diff similar difflib pretty-assertions console indicatif dialoguer
arbitrary async-std smol async-io async-channel blocking polling event-listener
reqwest native-tls ureq cookie mime encoding-rs
prost protobuf capnp zbus zvariant
pyo3-build-config pyo3-ffi pyo3 wasm-bindgen js-sys
cargo-metadata cargo-platform camino rustfix
glib-sys gobject-sys gio-sys x11-dl wayland-sys
sequoia-openpgp nettle-sys nettle
goblin scroll plain memmap2 ignore grep-searcher grep
syntect onig bat hyphenation
`.trim().split(/\s+/).filter((name, at, all) => all.indexOf(name) === at);
