import type { DebianImageRecipe } from "../support/debian_image.ts";

/** What the entry point of the public image does, for the part that people use. */
const ENTRYPOINT = `#!/bin/bash
set -euo pipefail
export PATH="/usr/lib/postgresql/15/bin:$PATH"
if [ "\${1:-postgres}" != postgres ]; then exec "$@"; fi
as_postgres=(setpriv --reuid=postgres --regid=postgres --init-groups)
user=\${POSTGRES_USER:-postgres}
database=\${POSTGRES_DB:-$user}
mkdir -p "$PGDATA"
install -d -o postgres -g postgres /run/postgresql
chown -R postgres:postgres /var/lib/postgresql
chmod 700 "$PGDATA"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  password=$(mktemp)
  printf '%s\\n' "\${POSTGRES_PASSWORD:?}" > "$password"
  chown postgres "$password"
  "\${as_postgres[@]}" initdb -D "$PGDATA" --username="$user" \\
    --pwfile="$password" --auth-local=trust \\
    --auth-host=scram-sha-256 --locale=C.UTF-8 --no-sync \${POSTGRES_INITDB_ARGS:-}
  rm "$password"
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  echo "listen_addresses = '*'" >> "$PGDATA/postgresql.conf"
  if [ "$database" != postgres ]; then
    echo "CREATE DATABASE \\"$database\\"" |
      "\${as_postgres[@]}" postgres --single -j -D "$PGDATA" postgres > /dev/null
  fi
fi
exec "\${as_postgres[@]}" postgres -D "$PGDATA"
`;

/** PostgreSQL as Debian packages it, with the interface of the public image. */
export const POSTGRES: DebianImageRecipe = {
  name: "postgres",
  packages: ["postgresql-15"],
  script: `cat > "$1/usr/local/bin/docker-entrypoint.sh" <<'END'
${ENTRYPOINT}END
chmod 755 "$1/usr/local/bin/docker-entrypoint.sh"`,
  changes: [
    "ENV PATH=/usr/lib/postgresql/15/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "ENV PGDATA=/var/lib/postgresql/15/docker",
    "EXPOSE 5432",
    'ENTRYPOINT ["docker-entrypoint.sh"]',
    'CMD ["postgres"]',
  ],
};
