"""Alarms: rules as data, one state machine after ISA-18.2, one alarm for each cause, and the ways out of the house."""
