package assistant

import "strings"

// lookalikes maps letters of other scripts, and letters in another form, to the plain
// letter that they look like. The second list has what Unicode's compatibility
// decomposition (NFKD) takes for a Latin letter or digit with something added: accents,
// superscripts, subscripts and the mathematical letters that are not in an alphabet of
// fold, such as the first of "ℍ𝕦𝕞𝕒𝕟:". The third maps accented letters of other scripts
// to those without, as the accent may also be a character of its own.
var lookalikes = lookalikeTable(map[rune]string{
	'a': "аАαΑᴀɑàáâãäåāăąạảⱥɐ",
	'b': "ЬвВβΒʙᏴƅƀɓ",
	'c': "сСϲϹᴄçćĉċčƈⅽⅭ",
	'd': "ԁᏧᴅďđɗⅾⅮ",
	'e': "еЕєЄεΕᴇèéêëēĕėęěẹɛҽ",
	'f': "ϝϜғꜰƒ",
	'g': "ɡԍɢĝğġģǥɠցᏀ",
	'h': "һҺнНηΗʜĥħɦհᏂհ",
	'i': "іІιΙɪıìíîïĩīĭįỉịⅰⅠӏ",
	'j': "јЈϳͿᴊĵɉ",
	'k': "кКκΚᴋķĸƙҡ",
	'l': "ⅼⅬʟĺļľŀłɫᏞ",
	'm': "мМμΜᴍⅿⅯɱ",
	'n': "пПνΝɴñńņňŉŋɲոռ",
	'o': "оОοΟσᴏòóôõöøōŏőơọօ०๐",
	'p': "рРρΡᴘƥ",
	'q': "ԛԚզɋʠ",
	'r': "гГʀŕŗřɍɾᴦ",
	's': "ѕЅꜱśŝşšșʂտႽ",
	't': "тТτΤᴛţťŧțƭ",
	'u': "υᴜùúûüũūŭůűųưụսцЦ",
	'v': "ѵѴᴠⅴⅤʋ",
	'w': "ѡѠԝԜᴡŵωшШ",
	'x': "хХχΧⅹⅩ",
	'y': "уУүҮγΥʏýÿŷƴ",
	'z': "ΖζᴢźżžƶʐᏃ",
}, map[rune]string{
	'0': "⁰₀⓪🄀🄁",
	'1': "¹₁⅟🄂",
	'2': "²₂🄃",
	'3': "³₃🄄",
	'4': "⁴₄🄅",
	'5': "⁵₅🄆",
	'6': "⁶₆🄇",
	'7': "⁷₇🄈",
	'8': "⁸₈🄉",
	'9': "⁹₉🄊",
	'a': "ªǍǎǞǟǠǡǺǻȀȁȂȃȦȧᴬᵃḀḁẤấẦầẨẩẪẫẬậẮắẰằẲẳẴẵẶặₐάӑӓἀἁἂἃἄἅἆἇὰάᾀᾁᾂᾃᾄᾅᾆᾇᾈᾉᾊᾋᾌᾍᾎᾏᾰᾱᾲᾳᾴᾶᾷᾼ",
	'b': "ᴮᵇḂḃḄḅḆḇℬ",
	'c': "ᶜḈḉℂℭꟲ🄫",
	'd': "ᴰᵈḊḋḌḍḎḏḐḑḒḓⅅⅆ",
	'e': "ȄȅȆȇȨȩᴱᵉḔḕḖḗḘḙḚḛḜḝẺẻẼẽẾếỀềỂểỄễỆệₑℯℰⅇέѐёӗἐἑἒἓἔἕὲέ",
	'f': "ᶠḞḟℱꟳ",
	'g': "ǦǧǴǵᴳᵍḠḡℊ",
	'h': "ȞȟʰᴴḢḣḤḥḦḧḨḩḪḫẖₕℋℌℍℎήἠἡἢἣἤἥἦἧὴήᾐᾑᾒᾓᾔᾕᾖᾗᾘᾙᾚᾛᾜᾝᾞᾟῂῃῄῆῇῌ",
	'i': "İǏǐȈȉȊȋᴵᵢḬḭḮḯⁱℐℑℹⅈΐίϊїἰἱἲἳἴἵἶἷὶίῐῑῒΐῖῗ",
	'j': "ǰʲᴶⅉⱼ",
	'k': "ǨǩᴷᵏḰḱḲḳḴḵₖќ",
	'l': "ˡᴸḶḷḸḹḺḻḼḽₗℒℓ",
	'm': "ᴹᵐḾḿṀṁṂṃₘℳ",
	'n': "ǸǹᴺṄṅṆṇṈṉṊṋⁿₙℕ",
	'o': "ºǑǒǪǫǬǭȌȍȎȏȪȫȬȭȮȯȰȱᴼᵒṌṍṎṏṐṑṒṓỎỏỐốỒồỔổỖỗỘộỚớỜờỞởỠỡỢợₒℴǿόӧὀὁὂὃὄὅὸό",
	'p': "ᴾᵖṔṕṖṗₚℙῤῥ",
	'q': "ℚꟴ𐞥",
	'r': "ȐȑȒȓʳᴿᵣṘṙṚṛṜṝṞṟℛℜℝ🄬ѓ",
	's': "ˢṠṡṢṣṤṥṦṧṨṩẛₛ🄪",
	't': "ᵀᵗṪṫṬṭṮṯṰṱẗₜ",
	'u': "ǓǔǕǖǗǘǙǚǛǜȔȕȖȗᵁᵘᵤṲṳṴṵṶṷṸṹṺṻỦủỨứỪừỬửỮữỰựΰϋύὐὑὒὓὔὕὖὗὺύῠῡῢΰῦῧ",
	'v': "ᵛᵥṼṽṾṿⱽѷ",
	'w': "ʷᵂẀẁẂẃẄẅẆẇẈẉẘώὠὡὢὣὤὥὦὧὼώᾠᾡᾢᾣᾤᾥᾦᾧᾨᾩᾪᾫᾬᾭᾮᾯῲῳῴῶῷῼ",
	'x': "ˣẊẋẌẍₓ",
	'y': "ȲȳʸẎẏẙỲỳỴỵỶỷỸỹΎΫўӯӱӳὙὛὝὟῨῩῪΎ",
	'z': "ᶻẐẑẒẓẔẕℤℨ",
}, accented(`
	Æǣǽ Ʒǯ ϒϓϔ Жӂӝ Зӟ Ийѝӣӥ Чӵ Ыӹ Эӭ Әӛ Өӫ اآأإ وؤ يئ ہۂ ےۓ ەۀ うゔ かが きぎ くぐ
	けげ こご さざ しじ すず せぜ そぞ ただ ちぢ つづ てで とど はばぱ ひびぴ ふぶぷ へべぺ ほぼぽ ゝゞ ウヴ カガ キギ クグ
	ケゲ コゴ サザ シジ スズ セゼ ソゾ タダ チヂ ツヅ テデ トド ハバパ ヒビピ フブプ ヘベペ ホボポ ワヷ ヰヸ ヱヹ ヲヺ ヽヾ
`))

func lookalikeTable(lists ...map[rune]string) map[rune]rune {
	table := map[rune]rune{}
	for _, list := range lists {
		for letter, alike := range list {
			for _, r := range alike {
				table[r] = letter
			}
		}
	}
	return table
}

// accented reads words, each a letter in the case that fold returns, and its forms
// with an accent.
func accented(words string) map[rune]string {
	list := map[rune]string{}
	for _, word := range strings.Fields(words) {
		letter := []rune(word)[0]
		list[letter] = strings.TrimPrefix(word, string(letter))
	}
	return list
}
