/** What the service sends, as `/api/v1` says it. */

export type Value = number | string | boolean | null | undefined;
export type View = Readonly<Record<string, Value>>;

export interface Param {
  readonly name: string;
  readonly form: string; // number, integer, text, flag
  readonly low?: number | null;
  readonly high?: number | null;
  readonly unit?: string;
  readonly choices?: readonly string[] | null;
  readonly required?: boolean;
  readonly words?: string;
}

export interface Verb {
  readonly verb: string;
  readonly label: string;
  readonly words?: string;
  readonly params: readonly Param[];
  readonly dangerous?: boolean;
}

export interface Malfunction {
  readonly kind: string;
  readonly like: string; // what the type whose part this one plays calls it
  readonly severity_default: number | null;
  readonly words: string;
  readonly full: string; // what a severity of 100 % means, "" without severity
  readonly acts: string; // from when on: "at once", "when it starts"
}

export interface DeviceType {
  readonly handles: readonly string[];
  readonly states: Readonly<Record<string, { readonly status: string; readonly like: string; readonly words: string }>>;
  readonly verbs: readonly Verb[];
  readonly malfunctions: readonly Malfunction[];
  readonly fields: readonly string[]; // the numbers that a trend may show
}

export interface Device {
  readonly type: string;
  readonly part: string; // the type whose part it plays: its own, mostly
  readonly title: string;
  readonly side: string;
  readonly feeds: readonly string[];
  readonly ratings: Readonly<Record<string, number>>;
}

export interface FieldInfo {
  readonly unit: string;
  readonly decimals: number;
  readonly words: string;
}

export interface Facility {
  readonly name: string;
  readonly title?: string;
  readonly calibration: string;
  readonly nodes: Readonly<Record<string, Device>>;
  readonly types: Readonly<Record<string, DeviceType>>;
  readonly fields: Readonly<Record<string, FieldInfo>>;
  /** The presets of the weather by name; their numbers are their places, from 1. */
  readonly weathers?: readonly string[];
  /** What a secured site wants in two steps, null in profile lab. */
  readonly two_step?: { readonly verbs: readonly string[]; readonly handles: readonly string[] } | null;
}

export interface Clock {
  readonly t_s: number;
  readonly frozen: boolean;
  readonly speed: number;
  readonly speed_real?: number;
  readonly timeline?: number;
  readonly unix_s?: number;
  readonly begin_s?: number; // how far back the site remembers
}

export interface Flow {
  readonly power_kw: number | null;
  readonly live: boolean;
}

export interface SiteEvent {
  readonly id: number;
  readonly t_s: number;
  readonly node_id: string;
  readonly event: string;
  readonly from?: string;
  readonly to?: string;
  readonly cause?: number;
  readonly text?: string;
}

export interface Task {
  readonly id: string;
  readonly title: string;
  readonly state: string;
  readonly points?: number;
}

export type Exercise = Readonly<Record<string, unknown>>;

export interface Alarm {
  readonly alarm: string; // rule/node
  readonly rule: string;
  readonly node_id: string;
  readonly state: string; // in the words of ISA-18.2, see alerts/states.py
  readonly active: boolean;
  readonly priority: string;
  readonly message: string;
  readonly cure: string;
  readonly t_s: number;
  readonly unix_s: number;
  readonly count: number;
  readonly consequences: number;
  readonly root: string | null; // whose consequence it is
  readonly event: number;
  readonly by: string;
  readonly reason: string;
  readonly until_unix_s: number;
  readonly of_site: boolean; // its time is the run's
}

export interface Alarms {
  readonly alarms: readonly Alarm[];
  readonly left_out?: number;
  readonly figures?: { readonly rate_10min: number; readonly acceptable: boolean; readonly flood: boolean };
  readonly unjudged?: readonly string[];
  readonly fault?: string;
}

export interface State {
  readonly seq: number;
  readonly clock: Clock;
  readonly role?: string; // these two come to each page at its beginning only
  readonly may?: readonly string[];
  readonly health: Health;
  readonly facility: View;
  readonly nodes: Readonly<Record<string, View>>;
  readonly flows: Readonly<Record<string, Flow>>;
  readonly paint: Readonly<Record<string, string>>;
  readonly exercise?: Exercise | null;
  readonly alarms?: Partial<Alarms>;
}

export type Health = Readonly<Record<string, Value>>;

export interface Delta {
  readonly seq: number;
  readonly clock?: Partial<Clock>;
  readonly health?: Health;
  readonly facility?: View;
  readonly nodes?: Readonly<Record<string, View>>;
  readonly flows?: Readonly<Record<string, Flow>>;
  readonly paint?: Readonly<Record<string, string>>;
  readonly exercise?: Exercise | null;
  readonly alarms?: Partial<Alarms>;
}

export interface Moment {
  readonly t_s: number;
  readonly nodes: Readonly<Record<string, View>>;
  readonly flows?: Readonly<Record<string, Flow>>;
  readonly paint?: Readonly<Record<string, string>>;
  readonly facility?: View;
  readonly screens?: Readonly<Record<string, unknown>>;
}

export interface Cue {
  readonly cue: string; // say, ask, by_hand, out_of_bounds, done
  readonly text?: string;
  readonly why?: string;
  readonly passed?: boolean;
  readonly points?: number;
  readonly points_max?: number;
}

export interface Ack {
  readonly result: string;
  readonly reason?: string;
  readonly applied?: string;
  readonly words?: string;
  readonly cure?: string;
}

export interface Series {
  readonly t_s: readonly number[];
  readonly series: Readonly<Record<string, readonly (number | null)[]>>;
}

export interface WhatIf extends Series {
  readonly events?: readonly SiteEvent[];
}

export interface ScenarioInfo {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly fits: boolean; // whether it can be played on this facility
  readonly why_not: string;
}

export interface SnapshotInfo {
  readonly id: string;
  readonly t_s: number;
  readonly name?: string;
}

export interface InitialCondition {
  readonly id: string;
  readonly title: string;
  readonly version?: string | number;
}
