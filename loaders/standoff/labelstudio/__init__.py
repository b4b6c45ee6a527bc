"""The round trip with Label Studio: interface and tasks out, annotation sets back, and the server between."""
