"""The places that the demo asks for."""
