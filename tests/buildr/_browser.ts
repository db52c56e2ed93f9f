import { type Browser, chromium } from "npm:playwright-core@1";
import { cacheDirectory } from "../../lib/engine/mod.ts";
import { debianFiles } from "../support/debian_packages.ts";

export { type Browser, type Page } from "npm:playwright-core@1";

/** A browser, or why there is none. */
export type FoundBrowser =
  | { readonly browser: Browser; readonly skip?: undefined }
  | { readonly browser?: undefined; readonly skip: string };

const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>ROOT/usr/share/fonts</dir><cachedir>ROOT/var/cache/fontconfig</cachedir></fontconfig>
`;

/** Starts Debian's Chromium, unpacked into the cache directory and not installed. */
export async function startChromium(): Promise<FoundBrowser> {
  if (Deno.build.os !== "linux") return { skip: "not Linux" };
  const { root, skip } = await debianFiles({
    packages: ["chromium", "fonts-dejavu-core", "fontconfig-config"],
  });
  if (root === undefined) return { skip };
  const multiarch = Deno.build.arch === "aarch64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
  const libraries = ["/usr/lib/MULTI", "/lib/MULTI", "/usr/lib/MULTI/pulseaudio"]
    .map((path) => `${root}${path.replace("MULTI", multiarch)}`);
  const fonts = `${root}/superorch-fonts.conf`;
  await Deno.writeTextFile(fonts, FONTS.replaceAll("ROOT", root));
  const home = `${cacheDirectory()}/tests/chromium-home`;
  await Deno.mkdir(home, { recursive: true });
  const browser = await chromium.launch({
    executablePath: `${root}/usr/lib/chromium/chromium`,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
    env: {
      PATH: "/usr/bin:/bin",
      // It leaves settings and caches there.
      HOME: home,
      TMPDIR: Deno.env.get("TMPDIR") ?? "/tmp",
      LD_LIBRARY_PATH: libraries.join(":"),
      FONTCONFIG_FILE: fonts,
    },
  });
  return { browser };
}
