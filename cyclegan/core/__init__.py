"""The ground floor: what knows no method, no lesson and no page."""
