"""Coverage-guided fuzz targets. They need atheris, which is no dependency of the project."""
