import { expect, test } from "vitest";
import { decodeServerMessage } from "../src/decode.js";
import { encodeClientMessage } from "../src/encode.js";
import { GOLDEN_NAMES, golden } from "./support/golden.js";
import { CLIENT_MESSAGES, SERVER_MESSAGES } from "./support/messages.js";

test("every golden frame is known here", () => {
  const known = [...Object.keys(CLIENT_MESSAGES), ...Object.keys(SERVER_MESSAGES)];
  expect(known.sort()).toEqual([...GOLDEN_NAMES].sort());
});

test.each(Object.entries(CLIENT_MESSAGES))("%s is written as its golden bytes", (name, message) => {
  expect(encodeClientMessage(message)).toEqual(golden(name));
});

test.each(Object.entries(SERVER_MESSAGES))("%s is read from its golden bytes", (name, message) => {
  expect(decodeServerMessage(golden(name))).toEqual(message);
});
