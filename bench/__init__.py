"""Measurements of fetchdeck side by side and over a long time: never installed, never a timed test."""
