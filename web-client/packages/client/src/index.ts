/** Client of the scadstream.v1 protocol. */
export const PROTOCOL_VERSION = 1;
