-- whole numbers divide to whole numbers, decimals to decimals
SELECT 7 / 2, -7 / 2, 7 % 3, -7 % 3, 7 / 2::bigint;
> 3 | -3 | 1 | -1 | 3
SELECT 1 / 0;
! division by zero
SELECT 2 ^ 10, |/ 25, ||/ 27, @ -5;
> 1024 | 5 | 3 | 5
SELECT ABS(-38), ABS(-2.5), SIGN(-3.2), SIGN(0);
> 38 | 2.5 | -1 | 0
SELECT CEILING(28.05), CEIL(-28.05), FLOOR(28.95), FLOOR(-28.05);
> 29 | -28 | 28 | -29
SELECT ROUND(28.05), ROUND(28.05, 1), ROUND(28.05, -1), ROUND(-2.5);
> 28 | 28.1 | 30 | -3
SELECT TRUNC(111.15), TRUNC(111.15, 1), TRUNC(111.15, -1), TRUNC(-111.99);
> 111 | 111.1 | 110 | -111
SELECT MOD(5, 2), MOD(-5, 2), MOD(10.5, 3);
> 1 | -1 | 1.5
SELECT SQRT(16), SQRT(2.25), SQRT(ROUND(16.4)), CBRT(27), POWER(9, 2), POW(2, 3);
> 4 | 1.5 | 4 | 3 | 81 | 8
SELECT PI(), ACOS(-1), ASIN(1) * 2, ATAN(1) * 4, ATAN2(2, 2) * 4;
> 3.14159265358979 | 3.14159265358979 | 3.14159265358979 | 3.14159265358979 | 3.14159265358979
SELECT SIN(-PI()), COS(0), TAN(0), COT(1);
> -1.22464679914735e-16 | 1 | 0 | 0.642092615934331
SELECT DEGREES(.5), RADIANS(180);
> 28.6478897565412 | 3.14159265358979
SELECT EXP(0), LN(1), LOG(100), DLOG10(100), DLOG1(1), DEXP(0), LOG(0.01);
> 1 | 0 | 2 | 2 | 0 | 1 | -2
SELECT CHECKSUM(109.20), CHECKSUM(11.40), CHECKSUM(52.50);
> 10920 | 1140 | 5250
SELECT RANDOM() BETWEEN 0 AND 1, (RANDOM() * 100)::int BETWEEN 0 AND 100;
> t | t
SELECT 5 & 3, 5 | 3, 5 # 3, ~5, 1 << 4, 256 >> 4;
> 1 | 7 | 6 | -6 | 16 | 16
SELECT 2147483647 + 1;
! integer out of range
SELECT 2147483647::bigint + 1, 32767::smallint + 1;
> 2147483648 | 32768
-- scales of decimals
SELECT 28.05 + 2.00, 187.00 * .20, 1.5 * 1.25, 10.00 - 0.5;
> 30.05 | 37.4000 | 1.875 | 9.50
CREATE TABLE prices (name varchar(10), price decimal(12, 2), qty int, f float8);
INSERT INTO prices VALUES ('prop', 10.00, 1, 1.5), ('prop', 9.00, 2, 2.5), ('prop', 12.00, 4, NULL), ('rudder', 2.50, 5, 0), ('rudder', 3.75, 2, 1), ('rudder', 1.90, 1, 3);
SELECT name, AVG(price), AVG(qty), SUM(price), MAX(qty), MIN(price) FROM prices GROUP BY name ORDER BY name;
> prop | 10.33 | 2 | 31.00 | 4 | 9.00
> rudder | 2.71 | 2 | 8.15 | 5 | 1.90
SELECT AVG(qty::float8), AVG(f), AVG(qty * 1.0) FROM prices;
> 2.5 | 1.6 | 2.5
SELECT AVG(DISTINCT qty), SUM(DISTINCT qty), COUNT(DISTINCT qty) FROM prices;
> 3 | 12 | 4
SELECT SUM(qty) / COUNT(*), SUM(qty)::float8 / COUNT(*) FROM prices;
> 2 | 2.5
CREATE TABLE film (n smallint, rate decimal(4, 2), cost decimal(8, 2));
INSERT INTO film (n) VALUES (33000);
! out of range
INSERT INTO film (rate) VALUES (350.10);
! overflow
INSERT INTO film (cost, n) VALUES (19999.999, 1), (1.5, 1.5);
SELECT cost, n FROM film ORDER BY cost;
> 1.50 | 2
> 20000.00 | 1
SELECT STDDEV(qty)::decimal(18, 6), STDDEV_SAMP(qty)::decimal(18, 6), STDDEV_POP(qty)::decimal(18, 6) FROM prices;
> 1.643168 | 1.643168 | 1.500000
SELECT VARIANCE(qty)::decimal(18, 4), VAR_SAMP(qty)::decimal(18, 4), VAR_POP(qty)::decimal(18, 4) FROM prices;
> 2.7000 | 2.7000 | 2.2500
SELECT GREATEST(1, 7, NULL, 3), LEAST(5, NULL, 2), GREATEST(NULL, NULL);
> 7 | 2 | NULL
SELECT price * qty, price::decimal(12, 1), price::int FROM prices WHERE name = 'rudder' AND qty = 5;
> 12.50 | 2.5 | 3
