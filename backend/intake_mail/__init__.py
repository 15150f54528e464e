"""Intake by mail: what is received over SMTP, kept until a worker takes it in, and taken apart."""
