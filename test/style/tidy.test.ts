import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { filesUnder, root, type SourceFile, workspaceFolders } from "./source-files.js";

const sources = [...filesUnder("packages", [".ts"]), ...filesUnder("apps", [".ts"])].filter((file) =>
  file.path.includes("/src/"),
);

/** Packages whose state machines are given time, chance and I/O from outside; only their drivers touch them. */
const cores = [
  "wire",
  "transport",
  "lease-manager",
  "transaction",
  "rpc",
  "rebalance",
  "brick",
  "brick-client",
  "volume",
];
const drivers = /(-driver|node-scheduler|node-random|node-clock)\.ts$/;

function offenders(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap((file) =>
    file.text.split("\n").flatMap((line, index) => {
      const code = line.replace(/\/\/.*$/, "").replace(/^\s*\*.*$/, "");
      return pattern.test(code) ? [`${file.path}:${index + 1}: ${line.trim()}`] : [];
    }),
  );
}

const coreSources = sources.filter(
  (file) => cores.some((name) => file.path.startsWith(`packages/${name}/`)) && !drivers.test(file.path),
);

describe("cores", () => {
  it("read no clock, draw no random number and arm no timer", () => {
    const pattern =
      /\b(Date\.now|performance\.now|Math\.random|setTimeout|setInterval|setImmediate|randomBytes|randomUUID|hrtime)\b|new Date\(\)/;
    expect(offenders(coreSources, pattern)).toEqual([]);
  });

  it("touch no socket and no file, but for the disk store and the journal", () => {
    const disk =
      /packages\/brick\/src\/(store\/|store-disk)|packages\/rebalance\/src\/journal-(lock|directory|file-driver)/;
    const files = coreSources.filter((file) => !disk.test(file.path));
    expect(offenders(files, /from "(node:)?(fs|net|tls|http|child_process|worker_threads|lmdb)/)).toEqual([]);
  });

  it("of the wire format run in a browser: nothing of Node is imported or used", () => {
    const wire = sources.filter((file) => file.path.startsWith("packages/wire/"));
    expect(offenders(wire, /from "node:|\bBuffer\b|\bprocess\./)).toEqual([]);
  });
});

describe("packages", () => {
  const manifests = workspaceFolders().map((folder) => ({
    folder,
    manifest: JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as {
      name: string;
      dependencies?: Record<string, string>;
    },
  }));
  const allowed: Record<string, readonly string[]> = {
    wire: [],
    transport: [],
    testkit: ["transport"],
    "transport-memory": ["transport"],
    "transport-net": ["transport"],
    rpc: ["wire", "transport"],
    "lease-manager": ["wire"],
    brick: ["wire", "transport", "rpc", "lease-manager"],
    "brick-client": ["wire", "transport", "rpc"],
    transaction: ["wire"],
    volume: ["wire"],
    rebalance: ["wire", "transaction", "brick-client"],
  };

  it.each(Object.keys(allowed))(
    "%s depends on what the architecture allows and no other package of ours",
    (name) => {
      const entry = manifests.find((other) => other.folder === join("packages", name));
      const ours = Object.keys(entry?.manifest.dependencies ?? {}).flatMap((dependency) =>
        dependency.startsWith("@brickshift/") ? [dependency.slice("@brickshift/".length)] : [],
      );
      expect(ours.filter((dependency) => !allowed[name]?.includes(dependency))).toEqual([]);
    },
  );

  it("import what their manifest names, by name, never by a path into another package", () => {
    const wrong = sources.flatMap((file) => {
      const folder = file.path.split("/").slice(0, 2).join("/");
      const manifest = manifests.find((entry) => entry.folder === folder)?.manifest;
      return [...file.text.matchAll(/from "([^"]+)"/g)].flatMap(([, target = ""]) => {
        if (target.startsWith(".")) {
          const escapes = !join(file.path, "..", target).startsWith(join(folder, "src"));
          return escapes ? [`${file.path}: ${target}`] : [];
        }
        if (!target.startsWith("@brickshift/")) return [];
        const name = target.split("/").slice(0, 2).join("/");
        return name in (manifest?.dependencies ?? {}) ? [] : [`${file.path}: ${target}`];
      });
    });
    expect(wrong).toEqual([]);
  });

  it.each(workspaceFolders())("%s has a README that says more than its name, and a changelog", (folder) => {
    expect(readFileSync(join(root, folder, "README.md"), "utf8").length).toBeGreaterThan(400);
    expect(readFileSync(join(root, folder, "CHANGELOG.md"), "utf8")).toContain("## 0.");
  });
});

describe("files", () => {
  it("hold one concept each: none is over 500 lines, and half are under 120", () => {
    const lengths = sources.map((file) => ({ path: file.path, lines: file.text.split("\n").length }));
    expect(lengths.filter((file) => file.lines > 500)).toEqual([]);
    const sorted = lengths.map((file) => file.lines).toSorted((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(120);
  });

  it("are not named utils, helpers or types", () => {
    expect(sources.filter((file) => /\/(utils|helpers|types|common|misc)\.ts$/.test(file.path))).toEqual([]);
  });

  it("leave nothing undone or silenced", () => {
    const all = [...sources, ...filesUnder("packages", [".test.ts"]), ...filesUnder("apps", [".test.ts"])];
    // Written so that this file does not match itself.
    const left = /TO[D]O|FIX[M]E|@ts-[i]gnore|@ts-[e]xpect-error|@ts-[n]ocheck|lint-[d]isable|as [a]ny\b/;
    expect(all.filter((file) => left.test(file.text)).map((file) => file.path)).toEqual([]);
  });
});
