# Clients nobody here wrote, each kind in an environment of its own; the tests beside this file aim them at the
# simulator. Included by the Makefile at the top.
PYTHON        ?= python3
CLIENTS       := .clients
CLIENTS_STAMP := $(CLIENTS)/.installed
CLIENTS_FROM  := tests/real_clients
CLIENTS_PIP   := $(CLIENTS)/python/bin/python -m pip --quiet --quiet --disable-pip-version-check

.PHONY: clients clients-lock

clients: $(CLIENTS_STAMP) ## clients that the tests in tests/real_clients aim at the simulator

$(CLIENTS_STAMP): $(CLIENTS_FROM)/python/requirements.lock $(CLIENTS_FROM)/python/collection.lock $(CLIENTS_FROM)/node/package-lock.json
	rm -rf $(CLIENTS)
	$(PYTHON) -m venv $(CLIENTS)/python
	$(CLIENTS_PIP) install --no-compile --no-deps --require-hashes --requirement $(CLIENTS_FROM)/python/requirements.lock
	$(CLIENTS_PIP) download --no-deps --require-hashes --dest $(CLIENTS)/wheels --requirement $(CLIENTS_FROM)/python/collection.lock
	$(CLIENTS)/python/bin/python $(CLIENTS_FROM)/python/unpack_collection.py $(CLIENTS)/wheels
	rm -r $(CLIENTS)/wheels
	@if command -v npm >/dev/null; then \
	    mkdir $(CLIENTS)/node && \
	    cp $(CLIENTS_FROM)/node/package.json $(CLIENTS_FROM)/node/package-lock.json $(CLIENTS)/node && \
	    npm ci --loglevel=error --no-audit --no-fund --ignore-scripts --prefix $(CLIENTS)/node; \
	else echo "no npm, so no JavaScript clients; on Debian: apt-get install npm"; fi
	@touch $@

clients-lock: ## compile the locks of the clients anew (needs uv and npm)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	    --no-header --output-file $(CLIENTS_FROM)/python/requirements.lock $(CLIENTS_FROM)/python/requirements.in
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	    --no-header --no-deps --output-file $(CLIENTS_FROM)/python/collection.lock $(CLIENTS_FROM)/python/collection.in
	npm install --silent --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved \
	    --prefix $(CLIENTS_FROM)/node
