/** The Web Worker that holds the socket and decodes frames. */

import "@scadstream/client/worker";
