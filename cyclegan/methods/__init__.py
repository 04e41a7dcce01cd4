"""Methods: which networks there are, who learns from what, and what can be shown of them."""
