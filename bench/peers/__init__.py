"""Peers that are libraries, each as its documentation says to use it for this; run in environments of their own."""
