"""The page. The only place that imports Gradio."""
