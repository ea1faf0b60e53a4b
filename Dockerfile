# The image of the server: its executable on a small Debian, as a user without rights.
#
#   docker build --tag thoughts .                              as it is shipped
#   docker build --tag thoughts --build-arg PROFILE=quick .    builds faster, runs a quarter slower
#
# It needs nothing but the classical builder. A proxy goes in as usual: --build-arg HTTPS_PROXY=…

# The manifests, with sources that say nothing: as long as they stay the same, the dependencies are not built again.
FROM debian:13.8-slim AS manifests
WORKDIR /src
COPY . .
RUN find . -type f ! -name Cargo.toml ! -name Cargo.lock ! -path './.cargo/*' ! -name lib.rs ! -name main.rs -delete \
 && find . -type d -empty -delete \
 && for file in $(find . -name lib.rs -o -name main.rs); do printf '//! Empty.\n/// Empty.\npub fn main() {}\n' >"$file"; done

FROM rust:1.95.0-slim-trixie AS builder
ARG PROFILE=release
WORKDIR /src
# Nothing is edited between two builds here.
ENV CARGO_INCREMENTAL=0
COPY --from=manifests /src .
RUN cargo build --locked --package thoughts --package seed --profile "$PROFILE"
COPY crates crates
COPY seed seed
# What `build_info` says this was built of.
ARG THOUGHTS_REVISION=unknown
# Cargo goes by times, and these files may be older than what was built of the empty ones.
RUN find crates seed -name '*.rs' -exec touch {} + \
 && cargo build --locked --package thoughts --package seed --profile "$PROFILE" \
 && install -D --target-directory /out "target/$PROFILE/thoughts" "target/$PROFILE/seed"

FROM debian:13.8-slim
RUN groupadd --gid 10001 thoughts \
 && useradd --uid 10001 --gid thoughts --no-create-home --home-dir /var/lib/thoughts --shell /usr/sbin/nologin thoughts \
 && install -d -o thoughts -g thoughts -m 0700 /var/lib/thoughts
# Whom to believe when a database, Redis or a collector is reached by TLS.
COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
# Beside it what fills a database to try things out: docker run --entrypoint seed. It can do what the role in its
# DATABASE_URL may do, and an image of its own would be a second one to build and keep.
COPY --from=builder /out/thoughts /out/seed /usr/local/bin/
# What is kept when nothing is configured (the embedded database and its key) lies here, below data/.
WORKDIR /var/lib/thoughts
USER 10001:10001
# From outside of the container, loopback is out of reach.
ENV HOST=0.0.0.0
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=3 CMD ["thoughts", "health"]
ENTRYPOINT ["thoughts"]
