# Postern as a container. It runs as uid 1000 with a read-only root: writable are /tmp (a tmpfs for the spool)
# and /var/lib/postern (a volume for the quarantine) only.
FROM docker.io/library/node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The image brings its own Node, so the copy for machines with an older one stays out.
RUN npm ci --omit=dev --omit=optional

FROM docker.io/library/node:24-bookworm-slim
LABEL org.opencontainers.image.title="Postern" \
      org.opencontainers.image.description="Mail transport protection gateway for IMAP and POP3"
# In a container the admin port has to be reached from outside of it; do not publish it.
ENV NODE_ENV=production \
    POSTERN_CONFIG=/etc/postern/gateway.yaml \
    POSTERN_QUARANTINE_PATH=/var/lib/postern/quarantine \
    POSTERN_ADMIN_ADDRESS=0.0.0.0 \
    POSTERN_ADMIN_PORT=9090
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY src ./src
COPY config/rules ./config/rules
RUN mkdir -p /etc/postern /var/lib/postern && chown node:node /var/lib/postern
USER 1000:1000
VOLUME ["/var/lib/postern"]
EXPOSE 143 993 110 995 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.POSTERN_ADMIN_PORT}/readyz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# exec form: the process is pid 1 and hears SIGTERM itself
# The young generation of the heap stays small: idle sessions would pay for room that bursts once took.
ENTRYPOINT ["node", "--max-semi-space-size=16", "--min-semi-space-size=16", "src/main.ts"]
CMD ["serve"]
