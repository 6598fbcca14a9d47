package tiktoken

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// texts are a few plain sentences in several scripts, written for these tests.
var texts = map[string]string{
	"latin":      "The baker's oven wasn't warm yet, so we'd walked on to the harbour; it's 4 km from there. Où étiez-vous, mon vieux? „Zwölf Boxkämpfer“, sagte sie – später. I'LL SAY SO AGAIN: don't. El niño pidió 12 churros (¡y dos cafés!).",
	"hangul":     "빵집 오븐이 아직 따뜻하지 않아서 우리는 항구까지 걸어갔다. 거기서 4킬로미터쯤 된다고 했다. \"비가 올까요?\" 하고 그녀가 물었지만, 아무도 대답하지 않았다! 배 12척이 조용히 돌아오고 있었다.",
	"han":        "面包房的炉子还没有热，所以我们一直走到了港口，大约四公里。她问：“会下雨吗？”没有人回答。十二条船正在安静地回来；灯塔的光照在水面上，像一条路。票价3.50元，一共25人。",
	"kana":       "パンやのかまどは まだ あたたかくなかったので、みなとまで あるいて いきました。「あめが ふるでしょうか」と かのじょは たずねました。だれも こたえません！ ふねが12そう、しずかに もどって きます。コーヒーをのみました。",
	"cyrillic":   "Печь в пекарне ещё не нагрелась, и мы пошли дальше, к гавани: это 4 километра. «Будет ли дождь?» — спросила она. Никто не ответил! Двенадцать лодок тихо возвращались. Ціна — 25 гривень, п'ять хвилин.",
	"arabic":     "لم يكن فرن المخبز دافئًا بعد، فمشينا إلى الميناء. «هل ستمطر؟» سألت، ولم يُجِبْ أحدٌ! كانت ١٢ قاربًا تعود بهدوء، والضوءُ على الماء.",
	"devanagari": "बेकरी का तंदूर अभी गर्म नहीं था, इसलिए हम बंदरगाह तक चलते गए। \"क्या बारिश होगी?\" उसने पूछा। किसी ने उत्तर नहीं दिया! बारह नावें चुपचाप लौट रही थीं। किराया २५ रुपये है।",
	"emoji":      "Ready 🚀🚀 go! 👩‍👩‍👧‍👦 family, 🇰🇷 flag, 👍🏽 thumb, e\u0301 accent, naïve ☕️… ½ cup, x² + y², №5, ﷽, 𝔘𝔫𝔦, ǅ, ʰ.",
}

// goCode returns the source of this package, which is text of a kind by itself.
func goCode(t testing.TB) string {
	t.Helper()
	var code strings.Builder
	for _, name := range []string{"counter.go", "encoding.go", "split.go", "merge.go", "text_test.go"} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		code.Write(b)
	}
	return code.String()
}

// shuffled returns about size bytes made from random stretches of text with all
// kinds of separators between them, the same for the same arguments.
func shuffled(text string, size int) string {
	var (
		out   strings.Builder
		rng   = rand.New(rand.NewPCG(7, uint64(size)))
		runes = []rune(text)
		seps  = []string{"", " ", "  ", "\n", "\r\n", "\n\n\t\t", "\t", " \n ", "!\n", "'", "'s ", "/", "1234567", "\u00a0", "\u3000"}
	)
	for out.Len() < size {
		from := rng.IntN(len(runes))
		out.WriteString(string(runes[from:min(len(runes), from+1+rng.IntN(80))]))
		out.WriteString(seps[rng.IntN(len(seps))])
	}
	return out.String()
}

// randomWord returns about size bytes of letters without anything in between.
func randomWord(letters string, size int) string {
	var out strings.Builder
	rng := rand.New(rand.NewPCG(3, uint64(size)))
	runes := []rune(letters)
	for out.Len() < size {
		r := string(runes[rng.IntN(len(runes))])
		if rng.IntN(8) == 0 {
			r = strings.Repeat(r, rng.IntN(40))
		}
		out.WriteString(r)
	}
	return out.String()
}
