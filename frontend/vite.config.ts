import { defineConfig } from "vite";

// The pages are data of the Python package: callout serves them from this folder.
export default defineConfig({
  base: "/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  worker: { format: "es" },
  build: {
    // A page each: what is for enrolling and for people is not loaded in the control room.
    rollupOptions: { input: ["index.html", "people.html", "enrol.html"] },
    outDir: "../src/callout/web/pages",
    emptyOutDir: true,
    target: "es2022",
    // A page under a strict CSP: no inline script, no data: address for small files.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    // The licences of everything bundled travel with the pages.
    license: { fileName: "assets/licenses.md" },
    chunkSizeWarningLimit: 1300,
  },
  server: {
    proxy: {
      "/api": { target: "http://127.0.0.1:8765", ws: true, changeOrigin: true },
      "/tiles": "http://127.0.0.1:8765",
    },
  },
});
