"""`python -m reference_impl` starts the service."""

from reference_impl.command import serve

if __name__ == "__main__":
    serve(prog_name="python -m reference_impl")
