# The image of the server: its executable on a small Debian, run as an unprivileged user.
#
#   docker build --tag thoughts .                              the release build
#   docker build --tag thoughts --build-arg PROFILE=quick .    builds faster, runs a quarter slower
#
# The classic builder is enough. Pass a proxy as --build-arg HTTPS_PROXY=…

# The manifests with empty sources. While the manifests stay the same, Docker reuses the layer with the dependencies.
FROM debian:13.8-slim AS manifests
WORKDIR /src
COPY . .
RUN find . -type f ! -name Cargo.toml ! -name Cargo.lock ! -path './.cargo/*' ! -name lib.rs ! -name main.rs -delete \
 && find . -type d -empty -delete \
 && for file in $(find . -name lib.rs -o -name main.rs); do printf '//! Empty.\n/// Empty.\npub fn main() {}\n' >"$file"; done

FROM rust:1.95.0-slim-trixie AS builder
ARG PROFILE=release
WORKDIR /src
# No file is edited between two builds here.
ENV CARGO_INCREMENTAL=0
COPY --from=manifests /src .
RUN cargo build --locked --package thoughts --package seed --profile "$PROFILE"
COPY crates crates
COPY seed seed
# The revision that `build_info` reports.
ARG THOUGHTS_REVISION=unknown
# Cargo compares modification times, and these files may be older than the build of the empty ones.
RUN find crates seed -name '*.rs' -exec touch {} + \
 && cargo build --locked --package thoughts --package seed --profile "$PROFILE" \
 && install -D --target-directory /out "target/$PROFILE/thoughts" "target/$PROFILE/seed"

FROM debian:13.8-slim
RUN groupadd --gid 10001 thoughts \
 && useradd --uid 10001 --gid thoughts --no-create-home --home-dir /var/lib/thoughts --shell /usr/sbin/nologin thoughts \
 && install -d -o thoughts -g thoughts -m 0700 /var/lib/thoughts
# The certificate authorities for TLS to a database, Redis or a collector.
COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
# The image includes the seed as well: docker run --entrypoint seed. It has the rights of the role in its DATABASE_URL.
# A separate image would be a second one to build and keep.
COPY --from=builder /out/thoughts /out/seed /usr/local/bin/
# The embedded database and the signing key are stored here, in data/, when nothing is configured.
WORKDIR /var/lib/thoughts
USER 10001:10001
# Loopback cannot be reached from outside the container.
ENV HOST=0.0.0.0
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=3 CMD ["thoughts", "health"]
ENTRYPOINT ["thoughts"]
