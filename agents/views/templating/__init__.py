"""Pages of templates across clients."""
