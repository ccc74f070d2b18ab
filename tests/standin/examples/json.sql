SELECT IS_VALID_JSON('{"a":2}'), IS_VALID_JSON('{"a":{"b":{"c":1}}}'), IS_VALID_JSON('{{}}'), IS_VALID_JSON('{1:"a"}'), IS_VALID_JSON('[1,2,3]');
> t | t | f | f | f
SELECT IS_VALID_JSON_ARRAY('[]'), IS_VALID_JSON_ARRAY('["a",["b",1,["c",2,3,null]]]'), IS_VALID_JSON_ARRAY('{"a":1}'), IS_VALID_JSON_ARRAY('[1,2,]'), IS_VALID_JSON_ARRAY(NULL);
> t | t | f | f | NULL
SELECT JSON_ARRAY_LENGTH('[11,12,13,{"f1":21,"f2":[25,26]},14]'), JSON_ARRAY_LENGTH('[]'), JSON_ARRAY_LENGTH('[11,12', true);
> 5 | 0 | NULL
SELECT JSON_ARRAY_LENGTH('[11,12,13,{"f1":21,"f2":[25,26]},14');
! json
SELECT JSON_EXTRACT_ARRAY_ELEMENT_TEXT('[111,112,113]', 2), JSON_EXTRACT_ARRAY_ELEMENT_TEXT('["a",["b",1]]', 1), JSON_EXTRACT_ARRAY_ELEMENT_TEXT('[1]', 5);
> 113 | ["b",1] | NULL
SELECT JSON_EXTRACT_ARRAY_ELEMENT_TEXT('["a",["b",1,["c",2,3,null,]]]', 1);
! json
SELECT JSON_EXTRACT_ARRAY_ELEMENT_TEXT('["a",["b",1,["c",2,3,null,]]]', 1, true);
> NULL
SELECT JSON_EXTRACT_PATH_TEXT('{"f2":{"f3":1},"f4":{"f5":99,"f6":"star"}}', 'f4', 'f6'), JSON_EXTRACT_PATH_TEXT('{"f2":{"f3":1}}', 'f2');
> star | {"f3":1}
SELECT JSON_EXTRACT_PATH_TEXT('{"f2":{"f3":1},"f4":{"f5":99,"f6":"star"}', 'f4', 'f6', true), JSON_EXTRACT_PATH_TEXT('{"a":1}', 'b');
> NULL | NULL
SELECT JSON_EXTRACT_PATH_TEXT('{"f2":{"f3":1},"f4":{"f5":99,"f6":"star"}', 'f4', 'f6');
! json
SELECT JSON_EXTRACT_PATH_TEXT('{"a":[{"b":7}]}', 'a', '0', 'b'), JSON_EXTRACT_PATH_TEXT('{"farm":{"barn":{"color":"red"}}}', 'farm', 'barn', 'color');
> 7 | red
SELECT CAN_JSON_PARSE('[10001,10002,"abc"]'), CAN_JSON_PARSE('This is a TEST');
> t | f
SELECT JSON_EXTRACT_PATH_TEXT('{"n":12}', 'n')::int + 1;
> 13
