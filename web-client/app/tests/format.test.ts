import { describe, expect, it } from "vitest";
import { formatBytes, formatCount, formatDuration, formatNumber } from "../src/format.js";

describe("formatCount", () => {
  it.each([
    [0, "0"],
    [999, "999"],
    [12_345, "12\u2009345"],
    [1_250_000, "1.25 M"],
  ])("writes %d as %s", (count, text) => expect(formatCount(count)).toBe(text));
});

describe("formatNumber", () => {
  it.each([
    [0, "0"],
    [10, "10"],
    [2.5, "2.5"],
    [38.2114, "38.21"],
    [0.33333, "0.3333"],
    [123_456.7, "123457"],
    [-4.25, "-4.25"],
    [0.00001234, "1.23e-5"],
    [2.5e12, "2.50e+12"],
  ])("writes %d as %s", (value, text) => expect(formatNumber(value)).toBe(text));
});

describe("formatDuration", () => {
  it.each([
    [12.4, "12 ms"],
    [1500, "1.50 s"],
    [12_340, "12.3 s"],
    [125_000, "2 min 5 s"],
  ])("writes %d ms as %s", (ms, text) => expect(formatDuration(ms)).toBe(text));
});

describe("formatBytes", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1500, "1.5 kB"],
    [648_000, "648 kB"],
    [2.5e9, "2.5 GB"],
    [5e15, "5000 TB"],
  ])("writes %d as %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});
