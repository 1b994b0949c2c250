-- The next lease to run out is found without reading the whole queue.
CREATE INDEX queue_by_lease ON queue (lease_until) WHERE lease_until IS NOT NULL;
