"""Names that the built-in ears know by sound. A name that is missing here can be spelled."""

from __future__ import annotations

_FIRST = """
aaron adam alan albert alex alexander alice alison amanda amy andrea andrew angela ann anna anne anthony arthur
ashley barbara ben benjamin beth betty bill billy bob brandon brenda brian bruce carl carol caroline catherine
charles charlie charlotte chris christina christine christopher claire clara cynthia daisy dan dana daniel david
deborah denise dennis diana diane donald donna dorothy doug douglas dylan edward eleanor elizabeth ella ellen
emily emma eric erica ethan eva evelyn fiona frances frank fred gary george gerald gloria grace graham greg
gregory hannah harold harry heather helen henry howard hugh ian isaac isabel jack jacob james jane janet jason
jean jeff jennifer jeremy jerry jessica jill jim joan joe john jonathan jordan jose joseph joshua joyce juan
judith judy julia julie justin karen kate katherine kathleen keith kelly ken kenneth kevin kim kyle larry laura
lauren lawrence leo leon leonard lily linda lisa liz louis louise lucas lucy luke margaret maria marie mark
martha martin mary matt matthew max megan melissa michael michelle mike mohammed monica nancy natalie nathan
nicholas nick nicole nina noah nora oliver olivia oscar pamela patricia patrick paul paula peter phil philip
rachel ralph ray raymond rebecca richard rob robert robin roger ron ronald rosa rose roy russell ruth ryan sally
sam samantha samuel sandra sara sarah scott sean sharon shirley simon sofia sophie stanley stella stephanie
stephen steve steven stuart sue susan suzanne teresa terry theresa thomas tim timothy tina todd tom tony tracy
tyler valerie vanessa vera victor victoria vincent virginia walter wayne wendy will william zoe
"""
_LAST = """
adams allen anderson armstrong arnold bailey baker barnes bell bennett berg black brooks brown bryant burns
butler campbell carter chen clark clarke cohen cole coleman collins cook cooper cox crawford cruz davies davis
dean diaz dixon duncan dunn edwards elliott ellis evans ferguson fisher flores ford foster fox freeman garcia
gibson gomez gonzales gonzalez gordon graham grant gray green greene griffin hall hamilton hansen harper harris
harrison hart harvey hayes henderson henry hernandez hill holmes howard hudson hughes hunt hunter jackson jacobs
jenkins jensen johnson johnston jones jordan kelly kennedy khan kim king klein knight larson lawrence lawson lee
lewis lopez marshall martin martinez mason matthews mcdonald meyer miller mills mitchell montgomery moore morgan
morris morrison murphy murray myers nelson nguyen nichols olson owens palmer parker patel patterson payne perez
perkins perry peters peterson phillips pierce porter powell price ramirez reed reynolds rice richards richardson
riley rivera roberts robertson robinson rodriguez rogers rose ross russell ryan sanchez sanders schmidt
schneider scott shaw silva simmons simpson singh smith snyder spencer stephens stevens stewart stone sullivan
taylor thomas thompson torres tucker turner wagner walker wallace ward warren watson weaver webb weber wells
west wheeler white williams williamson wilson wong wood woods wright young
"""

FIRST_NAMES = tuple(_FIRST.split())
LAST_NAMES = tuple(_LAST.split())
