-- 0021 authzen: applications that ask for decisions, by which policies they are answered, and what was asked of people on the way.

create table application (
  id       text     primary key check (id ~ '^app_'),
  name     text     not null unique check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  version  integer  not null check (version > 0),
  state    text     not null check (state in ('active', 'removed'))
);

-- Versions are kept: an answer names the version it was given by.
create table application_version (
  application      text        not null references application (id),
  version          integer     not null check (version > 0),
  document         jsonb       not null,
  document_digest  text        not null,
  published_by     text        not null,
  published_at     timestamptz not null,
  primary key (application, version)
);

-- Who asks for an application now. A workload asks for one, so that nobody has to say for which.
create table application_pep (
  workload     text primary key references workload (id),
  application  text not null references application (id)
);

create index application_pep_application_idx on application_pep (application);

-- A question to a person that was asked for by way of AuthZEN. What it is about lies in approval; `agent` is who would act.
create table access_request (
  id                    text        primary key check (id ~ '^arq_'),
  workload              text        not null references workload (id),
  application           text        not null references application (id),
  approval              text        not null references approval (id),
  evaluation            text        not null,
  question_digest       text        not null,
  idempotency_key       text,
  requested_at          timestamptz not null,
  unique (workload, idempotency_key),
  unique (workload, approval)
);
