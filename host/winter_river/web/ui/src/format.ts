/** Numbers, times and states as people read them; the same words as in the terminal. */

import type { Facility, View } from "./types";

const KILO = 1000;

/** `465.1 kW`, or `1.235 MW` from a megawatt up. */
export function power(kw: number): string {
  return Math.abs(kw) >= KILO ? `${significant(kw / KILO)} MW` : `${kw.toFixed(1)} kW`;
}

/** `0:07`, `1:40`, `2 h 05`, `3 d`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)}`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))}`;
  return `${Math.floor(whole / 86_400)} d`;
}

/** Time of the run: `0:31`, `1:02:07`. */
export function runTime(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds + 1e-6));
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
  return hours ? `${hours}:${rest}` : rest.replace(/^0(\d:)/, "$1");
}

/** A field's value with its unit. */
export function figure(facility: Facility | null, name: string, value: unknown): string {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "number") return String(value);
  const unit = facility?.fields[name]?.unit ?? "";
  if (unit === "kW") return power(value);
  if (unit === "s" && (name === "runtime_s" || name === "uptime")) return duration(value);
  if (unit === "V" && Math.abs(value) >= KILO) return `${(value / KILO).toFixed(1)} kV`;
  if (name === "served_pct") return `${value.toFixed(3)} %`; // of availability the third decimal counts
  const decimals = Math.min(facility?.fields[name]?.decimals ?? 2, unit === "%" || unit === "V" || unit === "A" ? 1 : 2);
  if (unit === "C") return `${value.toFixed(1)} °C`;
  return unit ? `${value.toFixed(decimals)} ${unit}` : value.toFixed(decimals);
}

/** `soc_pct` -> `soc`; the unit is shown beside the figure. */
export function label(name: string): string {
  return name.replace(/_(kw|kwh|kvar|pct|hz|s|c|v|w|rpm)$/, "").replaceAll("_", " ");
}

/** `ON_BATTERY` -> `On battery`. */
export function stateWord(word: unknown): string {
  const text = String(word ?? "").replaceAll("_", " ").toLowerCase();
  return text ? text[0]!.toUpperCase() + text.slice(1) : "unknown";
}

export function num(view: View, name: string): number | null {
  const value = view[name];
  return typeof value === "number" ? value : null;
}

function significant(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
