-- Hash of the event at the checkpoint's position, by which a projection finds out that the log lacks what its tables hold.
alter table projections.checkpoints add column hash text;
