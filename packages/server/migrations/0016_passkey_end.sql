-- 0016 passkey end: by which passkey a person agreed, so that an agreement by one that is revoked gives nothing any more.

alter table consent add column passkey text references passkey (id);
