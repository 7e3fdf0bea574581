import { expect, test } from "vitest";
import { CreditAccount } from "../src/credit.js";

const MIB = 1 << 20;

test("it is returned a quarter of the window at a time", () => {
  const account = new CreditAccount(2 * MIB);
  account.received(2 * MIB);
  expect(account.acknowledged(MIB / 2 - 1)).toBe(0);
  expect(account.acknowledged(1)).toBe(MIB / 2);
  expect(account.acknowledged(MIB)).toBe(MIB);
});

test("of a large window no more than a frame is held back", () => {
  const account = new CreditAccount(1 << 30);
  account.received(4 * MIB);
  expect(account.acknowledged(MIB - 1)).toBe(0);
  expect(account.acknowledged(1)).toBe(MIB);
});

test("what was not received is not returned", () => {
  const account = new CreditAccount(2 * MIB);
  account.received(MIB);
  expect(account.acknowledged(3 * MIB)).toBe(MIB);
  expect(account.acknowledged(3 * MIB)).toBe(0);
});

test("a new connection owes nothing", () => {
  const account = new CreditAccount(2 * MIB);
  account.received(MIB);
  account.acknowledged(MIB / 4);
  account.reset();
  expect(account.acknowledged(MIB)).toBe(0);
  account.received(MIB / 2);
  expect(account.acknowledged(MIB)).toBe(MIB / 2);
});
