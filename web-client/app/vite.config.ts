import { defineConfig, type Plugin } from "vite";

/**
 * What the built page may load: only what it was served with. Styles that CodeMirror makes go through constructed
 * style sheets, its markers are `data:` images, and what is saved goes through `blob:` addresses. Style attributes are
 * allowed because Chromium itself writes them while it edits text over several lines. WebAssembly is what simplifies
 * chunks.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "connect-src 'self' ws: wss:",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** Puts the policy into the built page; the development server's hot reloading would break under it. */
function contentSecurityPolicy(): Plugin {
  return {
    name: "content-security-policy",
    apply: "build",
    transformIndexHtml: () => [
      {
        tag: "meta",
        attrs: { "http-equiv": "Content-Security-Policy", content: CONTENT_SECURITY_POLICY },
        injectTo: "head-prepend",
      },
    ],
  };
}

export default defineConfig({
  // Relative addresses: the page works below any path of a proxy.
  base: "./",
  plugins: [contentSecurityPolicy()],
  worker: { format: "es" },
  build: {
    target: "es2022",
    // A small file served as such is allowed by the policy above; as a data: address it is not everywhere.
    assetsInlineLimit: 0,
    // three.js is one chunk of 560 kB (138 kB compressed) however it is cut.
    chunkSizeWarningLimit: 600,
    rolldownOptions: {
      output: {
        codeSplitting: {
          // Editor and view change less often than the app, and load side by side.
          groups: [
            { name: "three", test: /node_modules[\\/]three[\\/]/ },
            {
              name: "codemirror",
              test: /node_modules[\\/](@codemirror|@lezer|style-mod|w3c-keyname|crelt)/,
            },
          ],
        },
      },
    },
  },
  server: { proxy: { "/ws": { target: "ws://127.0.0.1:8080", ws: true } } },
});
