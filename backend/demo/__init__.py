"""The demo: three people, their mail, and a button to press."""
