SELECT LEN('abc'), LENGTH('français'), CHAR_LENGTH('abc'), CHARACTER_LENGTH('ab'), TEXTLEN('a'), OCTET_LENGTH('français');
> 3 | 8 | 3 | 2 | 1 | 9
SELECT LEN('cat  '::varchar(10)), LEN('cat'::char(10));
> 5 | 3
SELECT UPPER('Zoë'), LOWER('ÀB'), INITCAP('nibh.enim@egestas.ca'), INITCAP('NEW yORK city');
> ZOË | àb | Nibh.Enim@Egestas.Ca | New York City
SELECT '[' || BTRIM('  abc  ') || ']', BTRIM('xyzaxyzbxyzcxyz', 'xyz'), TRIM('"' FROM '"dog"'), TRIM('  x ');
> [abc] | axyzbxyzc | dog | x
SELECT LTRIM('2008-01-24', '2008-'), RTRIM('Main Street', 'et'), TRIM(BOTH 'z' FROM 'zzaz');
> 1-24 | Main Str | a
SELECT LTRIM('  a '), RTRIM('a  ') || '|';
> a  | a|
SELECT LPAD('Salome', 8), LPAD('Cenerentola', 4), RPAD('Salome', 9, '012'), LPAD('7', 3, '0');
>   Salome | Cene | Salome012 | 007
SELECT CHARINDEX('fish', 'dogfish'), CHARINDEX('x', 'abc'), STRPOS('dogfish', 'fish'), POSITION('fish' IN 'dogfish');
> 4 | 0 | 4 | 4
SELECT CHARINDEX('.', 28.05);
> 3
SELECT SUBSTRING('caterpillar', 6, 4), SUBSTRING('caterpillar', 6), SUBSTRING('caterpillar' FROM 1 FOR 3), SUBSTR('caterpillar', 0, 4);
> pill | pillar | cat | cat
SELECT LEFT('Chicago', 5), RIGHT('Chicago', 3), LEFT('ab', 9), REVERSE('tor'), REVERSE(123);
> Chica | ago | ab | rot | 321
SELECT REPLACE('mint tea', 'tea', 'cup'), REPEAT('ab', 3), REPLICATE('x', 2), REPEAT(7, 3);
> mint cup | ababab | xx | 777
SELECT TRANSLATE('mint tea', 'inea', 'osin'), TRANSLATE('St. George', ' .', '_');
> most tin | St_George
SELECT SPLIT_PART('2008-03-05', '-', 2), SPLIT_PART('a,b', ',', 5), SPLIT_PART('abc$def$ghi', '$', 1);
> 03 |  | abc
SELECT CONCAT('a', 'b'), CONCAT('a', NULL), 'a' || 'b' || 'c', 'a' || NULL, CONCAT(1, 'x');
> ab | NULL | abc | NULL | 1x
SELECT 'first' + ' ' + 'last';
> first last
SELECT ASCII('amazon'), ASCII('Amazon'), CHR(65);
> 97 | 65 | A
SELECT QUOTE_IDENT('MLB'), QUOTE_LITERAL('it''s'), QUOTE_LITERAL(10);
> "MLB" | 'it''s' | '10'
SELECT TO_HEX(2147676847), MD5('Amazon Redshift'), CRC32('Amazon Redshift');
> 8002f2af | f7415e33f972c03abd4f3fed36748f7a | f2726906
SELECT SHA2('Amazon Redshift', 256);
> 15013dc10bc5b293f1f66ea28d818387f191cafeb26f89639fae0b4acf9c8772
SELECT SHA1('abc'), FUNC_SHA1(''), SHA('The quick brown fox jumps over the lazy dog');
> a9993e364706816aba3e25717850c26c9cd0d89d | da39a3ee5e6b4b0d3255bfef95601890afd80709 | 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12
SELECT SHA1(REPEAT('a', 119)) = 'ee971065aaa017e0632a8ca6c77bb3bf8b1dfc56', SHA2('', 512) LIKE 'cf83e1357eefb8bd%', SHA2('abc', 224) LIKE '23097d22%';
> t | t | t
SELECT FNV_HASH(1), FNV_HASH('Amazon Redshift'), FNV_HASH('Amazon Redshift', FNV_HASH(1));
> -5968735742475085980 | 7783490368944507294 | -2202602717770968555
SELECT FNV_HASH(1::smallint), FNV_HASH(1::bigint);
> 589727492704079044 | -8517097267634966620
SELECT FNV_HASH('abcd') = FNV_HASH('cd', FNV_HASH('ab')), FNV_HASH(NULL::varchar);
> t | NULL
SELECT SOUNDEX('Amazon'), SOUNDEX('AWS Amazon'), SOUNDEX('+-*/%');
> A525 | A252 | 
SELECT DIFFERENCE('Amazon', '+-*/%'), DIFFERENCE('AC/DC', 'Ay See Dee See');
> 0 | 4
SELECT OCTETINDEX('AWS', 'Amazon AWS'), OCTETINDEX('AWS', 'Άμαζον AWS');
> 8 | 14
SELECT STRTOL('0xf', 16), STRTOL('abcd1234', 16), STRTOL('1234567', 10), STRTOL('1234567', 8), STRTOL('110101', 2);
> 15 | 2882343476 | 1234567 | 342391 | 53
SELECT BPCHARCMP('Rafael', 'Taylor'), BPCHARCMP('b', 'a'), BPCHARCMP('a', 'a'), BTTEXT_PATTERN_CMP('a', 'b');
> -1 | 1 | 0 | -1
-- a backslash escapes
SELECT 'it\'s', 'a\\b', LEN('a\tb'), 'x\
y' = 'x' || CHR(10) || 'y';
> it's | a\b | 3 | t
SELECT MD5('\\' || 'slashpass'), E'a\\b';
> 0c983d1a624280812631c5389e60d48c | a\b
-- patterns
SELECT 'abc' LIKE 'a%', 'abc' LIKE '_b_', 'abc' ILIKE 'A%', 'abc' NOT LIKE 'b%', 'a_c' LIKE 'a\\_c', 'abc' LIKE 'a\\_c';
> t | t | t | t | t | f
SELECT 'a%c' LIKE 'a^%c' ESCAPE '^', 'abc' LIKE 'a^%c' ESCAPE '^';
> t | f
SELECT 'start_time' SIMILAR TO '%start\\_%', 'abc' SIMILAR TO '%(b|d)%', 'abc' SIMILAR TO '(b|c)%', 'aab' SIMILAR TO 'a{2}b';
> t | t | f | t
SELECT 'abc' ~ 'b', 'abc' ~ '^b', 'abc' !~ 'x', 'a1' ~ '\\d';
> t | f | t | t
SELECT REGEXP_COUNT('abcdefghijklmnopqrstuvwxyz', '[a-z]{3}'), REGEXP_COUNT('the fox', 'FOX', 1, 'i'), REGEXP_COUNT('a@b.org c@d.edu', '@[^.]*\\.(org|edu)');
> 8 | 1 | 2
SELECT REGEXP_COUNT('passwd7 plain A1234 a1234', '(?=[^ ]*[a-z])(?=[^ ]*[0-9])[^ ]+', 1, 'p'), REGEXP_COUNT('passwd7 plain A1234 a1234', '(?=[^ ]*[a-z])(?=[^ ]*[0-9])[^ ]+', 1, 'ip');
> 2 | 3
SELECT REGEXP_INSTR('The Home Depot Center', '[cC]ent(er|re)$'), REGEXP_INSTR('the fox', 'FOX', 1, 1, 0, 'i'), REGEXP_INSTR('abc', 'x');
> 16 | 5 | 0
SELECT REGEXP_INSTR('passwd7 plain A1234 a1234', '(?=[^ ]*[a-z])(?=[^ ]*[0-9])[^ ]+', 1, 2, 0, 'p'), REGEXP_INSTR('passwd7 plain A1234 a1234', '(?=[^ ]*[a-z])(?=[^ ]*[0-9])[^ ]+', 1, 2, 0, 'ip');
> 21 | 15
SELECT REGEXP_SUBSTR('sed@lacusUtnec.ca', '@[^.]*'), REGEXP_SUBSTR('the fox', 'FOX', 1, 1, 'i'), REGEXP_SUBSTR('abc', 'z');
> @lacusUtnec | fox | 
SELECT REGEXP_SUBSTR('THE SECRET CODE IS THE LOWERCASE PART OF 1931abc0EZ.', '[a-z]+', 1, 1, 'c');
> abc
SELECT REGEXP_SUBSTR('This is a cat, this is a dog. This is a mouse.', 'this is a (\\w+)', 1, 2, 'ie');
> dog
SELECT REGEXP_SUBSTR('passwd7 plain A1234 a1234', '(?=[^ ]*[a-z])(?=[^ ]*[0-9])[^ ]+', 1, 2, 'p');
> a1234
SELECT REGEXP_REPLACE('the fox', 'FOX', 'quick brown fox', 1, 'i'), REGEXP_REPLACE('a1b22', '[0-9]+', '-'), REGEXP_REPLACE('a@b.org', '@.*\\.(org|gov|com)$');
> the quick brown fox | a-b- | a
SELECT REGEXP_REPLACE('the fox', '(t)(he)', '$2$1');
> het fox
-- bytes, not characters
CREATE TABLE names (c char(3), v varchar(4));
INSERT INTO names VALUES ('ab', 'éé');
INSERT INTO names (v) VALUES ('ééa');
! value too long for type character varying(4)
INSERT INTO names (c) VALUES ('é');
! value too long for type character(3)
SELECT COUNT(*) FROM names WHERE c = 'ab ' AND LEN(v) = 2;
> 1
SELECT 'abc' < 'abd', 'B' < 'a', 'a' = 'A', GREATEST('Lars', 'Ratliff'), LEAST('b', 'a', NULL);
> t | t | f | Ratliff | a
SELECT LOWER(NULL), NULL || 'a', NULLIF('a', 'a'), COALESCE(NULL, 'x'), NVL('', 'y') = '';
> NULL | NULL | NULL | x | t
SELECT SPLIT_PART('a.b.c', '.', 2), SPLIT_PART(12.5, '.', 1);
> b | 12
SELECT SPLIT_PART('a.b.c', '.', -1);
! field position must be greater than zero
SELECT OCTET_LENGTH('cat  '::char(10)), OCTET_LENGTH('é'), OCTET_LENGTH('cat  ');
> 3 | 2 | 5
SELECT REGEXP_SUBSTR('abc', 'b', 1, 0), REGEXP_SUBSTR('abc', 'b', 1, 1);
> NULL | b
SELECT 'x'::nvarchar, 'xyz'::nvarchar(2), 'y'::national character varying(5);
> x | xy | y
SELECT 'x'::varchar(65536);
! cannot exceed 65535
SELECT CONCAT_WS(',', 'a', 'b');
! unknown to Redshift
