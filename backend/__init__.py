"""The backend: from a report to empty inboxes."""
