"""Redshift's hashes and conversions of bases, as SQL for PostgreSQL."""

HASH_FUNCTIONS = r"""CREATE OR REPLACE FUNCTION pg_catalog.sha2(s text, bits int) RETURNS text
LANGUAGE sql IMMUTABLE STRICT AS $fn$
    SELECT encode(CASE bits WHEN 0 THEN sha256(convert_to(s, 'UTF8'))
        WHEN 224 THEN sha224(convert_to(s, 'UTF8')) WHEN 256 THEN sha256(convert_to(s, 'UTF8'))
        WHEN 384 THEN sha384(convert_to(s, 'UTF8')) WHEN 512 THEN sha512(convert_to(s, 'UTF8'))
        END, 'hex')
$fn$;
CREATE OR REPLACE FUNCTION pg_catalog.strtol(s text, base int) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT AS $fn$
DECLARE
    digits text := lower(trim(s));
    negative boolean := digits LIKE '-%';
    total numeric := 0;
    digit int;
BEGIN
    IF base NOT BETWEEN 2 AND 36 THEN
        RAISE EXCEPTION 'Invalid base %', base USING ERRCODE = '22023';
    END IF;
    digits := ltrim(digits, '+-');
    IF base = 16 AND digits LIKE '0x%' THEN
        digits := substr(digits, 3);
    END IF;
    FOR i IN 1 .. length(digits) LOOP
        digit := strpos('0123456789abcdefghijklmnopqrstuvwxyz', substr(digits, i, 1)) - 1;
        IF digit < 0 OR digit >= base THEN
            RAISE EXCEPTION 'The input % is not valid to be converted to base %', s, base
                USING ERRCODE = '22P02';
        END IF;
        total := total * base + digit;
    END LOOP;
    RETURN CASE WHEN negative THEN -total ELSE total END;
END $fn$;

-- FNV-1a over a value's bytes, low ones first. 128 bits of numeric keep the product exact.
CREATE OR REPLACE FUNCTION standin.fnv(data bytea, seed bigint) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT AS $fn$
DECLARE
    h numeric := CASE WHEN seed < 0 THEN seed + 18446744073709551616::numeric ELSE seed END;
    low bigint;
BEGIN
    FOR i IN 0 .. length(data) - 1 LOOP
        low := (h % 256)::bigint;
        h := (h - low + (low # get_byte(data, i))) * 1099511628211 % 18446744073709551616;
    END LOOP;
    RETURN CASE WHEN h >= 9223372036854775808 THEN h - 18446744073709551616 ELSE h END;
END $fn$;
CREATE OR REPLACE FUNCTION standin.reversed(data bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE AS $$ SELECT reverse(data) $$;
CREATE OR REPLACE FUNCTION pg_catalog.fnv_hash(v text, seed bigint DEFAULT -3750763034362895579)
RETURNS bigint LANGUAGE sql IMMUTABLE
AS $$ SELECT standin.fnv(convert_to(v, 'UTF8'), seed) $$;
CREATE OR REPLACE FUNCTION pg_catalog.fnv_hash(v smallint, seed bigint DEFAULT -3750763034362895579)
RETURNS bigint LANGUAGE sql IMMUTABLE
AS $$ SELECT standin.fnv(standin.reversed(int2send(v)), seed) $$;
CREATE OR REPLACE FUNCTION pg_catalog.fnv_hash(v int, seed bigint DEFAULT -3750763034362895579)
RETURNS bigint LANGUAGE sql IMMUTABLE
AS $$ SELECT standin.fnv(standin.reversed(int4send(v)), seed) $$;
CREATE OR REPLACE FUNCTION pg_catalog.fnv_hash(v bigint, seed bigint DEFAULT -3750763034362895579)
RETURNS bigint LANGUAGE sql IMMUTABLE
AS $$ SELECT standin.fnv(standin.reversed(int8send(v)), seed) $$;
-- SHA-1 by its definition: PostgreSQL has it in an extension only.
CREATE OR REPLACE FUNCTION standin.rotated(v bigint, n int) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$ SELECT ((v << n) | (v >> (32 - n))) & 4294967295 $$;
CREATE OR REPLACE FUNCTION pg_catalog.func_sha1(s text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT AS $fn$
DECLARE
    h bigint[] := ARRAY[1732584193, 4023233417, 2562383102, 271733878, 3285377520];
    k bigint[] := ARRAY[1518500249, 1859775393, 2400959708, 3395469782];
    bytes bytea := convert_to(s, 'UTF8');
    padded bytea;
    w bigint[];
    v bigint[];
    f bigint;
BEGIN
    padded := bytes || decode('80' || repeat('00', (119 - length(bytes) % 64) % 64), 'hex')
              || int8send(length(bytes)::bigint * 8);
    FOR block IN 0 .. length(padded) / 64 - 1 LOOP
        FOR i IN 0 .. 79 LOOP
            IF i < 16 THEN
                w[i] := ('x' || encode(substring(padded FROM block * 64 + i * 4 + 1 FOR 4), 'hex')
                        )::bit(32)::bigint & 4294967295;
            ELSE
                w[i] := standin.rotated(w[i - 3] # w[i - 8] # w[i - 14] # w[i - 16], 1);
            END IF;
        END LOOP;
        v := h;
        FOR i IN 0 .. 79 LOOP
            f := CASE i / 20 WHEN 0 THEN (v[2] & v[3]) | (~v[2] & 4294967295 & v[4])
                             WHEN 2 THEN (v[2] & v[3]) | (v[2] & v[4]) | (v[3] & v[4])
                             ELSE v[2] # v[3] # v[4] END;
            f := (standin.rotated(v[1], 5) + f + v[5] + k[i / 20 + 1] + w[i]) & 4294967295;
            v := ARRAY[f, v[1], standin.rotated(v[2], 30), v[3], v[4]];
        END LOOP;
        FOR i IN 1 .. 5 LOOP
            h[i] := (h[i] + v[i]) & 4294967295;
        END LOOP;
    END LOOP;
    RETURN (SELECT string_agg(lpad(to_hex(x), 8, '0'), '' ORDER BY i)
            FROM unnest(h) WITH ORDINALITY AS u(x, i));
END $fn$;
CREATE OR REPLACE FUNCTION pg_catalog.sha1(s text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT func_sha1(s) $$;
CREATE OR REPLACE FUNCTION pg_catalog.sha(s text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT func_sha1(s) $$;
-- CRC-32C as hexadecimal text; PostgreSQL's crc32 takes bytes and another polynomial.
CREATE OR REPLACE FUNCTION standin.crc32(s text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT to_hex(crc32c(convert_to(s, 'UTF8'))) $$;
"""
