-- Files that are still to be sent, decoded, in pieces, beside the turn they belong
-- to: a turn is written at each of its steps, and a file once.
CREATE TABLE pieces (
    turn_id TEXT NOT NULL,
    file BIGINT NOT NULL,
    piece BIGINT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (turn_id, file, piece)
);
