// Package examples is a tour of what base models do, in programs of a page each.
// They run offline on the small base model of sampling/pocket, or on a real one
// with -backend openai or -backend ollama. Read them in this order.
//
// # A base model continues text
//
// It does not answer. It continues the text, each time in another plausible way:
//
//	$ go run ./examples/continue -n 3
//	1. 2+2=? A) 3 B) 4 C) 5 D) 22 ⏎ The
//	2. 2+2=4, we sing and stamp the floor, ⏎ two times five is ten
//	3. 2+2 is the name for a car with two proper seats in front and two small ones
//
//	After "2+2" comes
//	       " is"  33.4 % ▇▇▇▇▇▇▇▇▇▇▇▇▇
//	         "="  33.2 % ▇▇▇▇▇▇▇▇▇▇▇▇▇
//	    " makes"   8.4 % ▇▇▇
//	" programmes"   8.4 % ▇▇▇
//	    " roads"   8.4 % ▇▇▇
//
// # It does not know when to stop
//
// A heading is enough for a list. The list runs into the token limit:
//
//	$ go run ./examples/landmarks
//	Here are the most famous landmarks of Paris:
//
//	1. The Louvre, the most visited museum in the world, entered through a pyramid of glass
//	2. The Eiffel Tower, put up by Gustave Eiffel's company in a little over two years
//	3. The Arc de Triomphe, with the Tomb of the Unknown Soldier beneath its vault
//	4
//
//	[cut by the limit of 60 tokens; -rounds 2 goes on]
//
// # Examples define a task
//
// The prompt is ten pairs of words, and an eleventh without its second half. The
// library stops the model before it invents the next pair, which -raw shows:
//
//	$ go run ./examples/translate teacher
//	선생님
//
//	$ go run ./examples/translate -raw teacher
//	선생님
//	carry: 운반하다
//	guitar: 기타
//	mosquito: 모기
//	hear: 듣다
//	dictionary: 사전
//	patience:
//
// Command shots measures how much examples help:
//
//	$ go run ./examples/shots -orders 2 -cases 50 -o ""
//	no instruction, 50 words, mean of 2:
//	shots  mean %  spread  least   most
//	    0     9.0     1.4    8.0   10.0
//	    1    99.0     1.4   98.0  100.0
//	    2    97.0     4.2   94.0  100.0
//	    4    99.0     1.4   98.0  100.0
//	    8   100.0     0.0  100.0  100.0
//	   16    97.0     1.4   96.0   98.0
//
//	"Translate English to Korean.", 50 words, mean of 2:
//	shots  mean %  spread  least   most
//	    0    98.0     0.0   98.0   98.0
//	    1    96.0     0.0   96.0   96.0
//	    2    98.0     2.8   96.0  100.0
//	    4   100.0     0.0  100.0  100.0
//	    8    99.0     1.4   98.0  100.0
//	   16    99.0     1.4   98.0  100.0
//
// # Answers have types
//
// A label with its probability, before and after calibration. The last review has
// no opinion, so the model's bias decided it:
//
//	$ go run ./examples/classify
//	as it is         calibrated
//	positive  91 %  positive  92 %  The pasta was delicious and the waiter was friendly.
//	negative 100 %  negative 100 %  A dull film, and far too long.
//	negative  93 %  negative  92 %  The room was dirty and the man at the desk was rude.
//	positive  99 %  positive  99 %  We loved the garden and the quiet.
//	negative  52 %  positive  53 %  It is what it says on the box.
//
// A struct, which is JSON in the prompt:
//
//	$ go run ./examples/extract
//	Marek Dvorak, 51, baker in Prague
//	Yuki Tanabe, 42, pilot in Osaka
//	Omar Haddad, 47, dentist in Tunis
//
// # A conversation is a few-shot prompt
//
// After a bare question, a base model writes more questions:
//
//	$ go run ./examples/bare
//	Why is the sky blue?
//	Why is the grass green?
//	How far away is the Moon?
//	What causes the tides?
//	Why do stars twinkle?
//	Why do we have seasons?
//	How old is the Earth
//
// After a description of a role and a few exchanges, it answers:
//
//	$ go run ./examples/assistant -ask "Why is the sky blue?"
//	The sky is blue because of the way air scatters sunlight. Light from the Sun is a mixture of all colours, and the tiny molecules of nitrogen and oxygen scatter blue light several times more than red. Wherever you look, some of that scattered blue is on its way to your eye.
//
// Command chatserver serves it to programs that speak OpenAI's chat API.
//
// # Memorization and hallucination
//
// It has memorized some texts:
//
//	$ go run ./examples/recite
//	The zebra is a striped African cousin of the horse and the donkey, and no two zebras anywhere wear exactly the same pattern. Three species are alive today. The plains zebra grazes from Ethiopia to South Africa and is the most numerous; the mountain zebra climbs the dry slopes of Namibia, Angola and the Cape; and Grevy's zebra, the largest, with narrow stripes and round ears, keeps to northern Kenya and Ethiopia.
//
//	Beneath the coat the skin is black all over. What the stripes are for was argued about for more than a century, with camouflage, cooling and recognition all proposed. Experiments in which horses wore striped rugs have favoured a humbler answer: biting flies have trouble landing on a striped surface, and such flies carry deadly diseases.
//
//	Plains zebras live in small families of one stallion, a few mares and their young, and many families may travel together in search of fresh grass. Each year some two hundred thousand of them join the wildebeest on the long circuit through the Serengeti. A foal is born after about a year, with brown stripes that darken later, and within an hour it can run beside its mother.
//
//	Lions and hyenas are the chief enemies, and a zebra answers them with speed, a hard kick and a powerful bite. People have seldom managed to tame skin is now endangered, with fewer than three thousand left in the wild. ...
//
//	Of 250 words and marks that follow, 236 are verbatim; then the text has "the" and the model says "skin".
//	Taking the likeliest token each time, it is 250.
//
// It repeats what it knows. What it hallucinates differs each time, with the same
// confidence:
//
//	$ go run ./examples/agree
//	The 2024 election in Norvale was won by ...
//	   9 × Ada Lindqvist, who took ...
//	       6 × 52.4 percent of the vote with a turnout of 71 percent
//	       3 × 50.01 percent of the vote with a turnout of 66 percent
//	   5 × Tomas Berrow, who took ...
//	       3 × 50.2 percent of the vote with a turnout of 58 percent
//	       2 × 57.5 percent of the vote with a turnout of 77 percent
//	   3 × Piet Hollander, who took 61 percent of the vote with a turnout of 49 percent, the lowest on record
//	   3 × Mirela Castan, who took 38.7 percent of the vote with a turnout of 83 percent, the highest since the republic was founded
//	It seems to guess: 45 % say the same.
//
//	The capital of France is ...
//	  20 × Paris
//	It seems to know: 100 % say the same.
//
// # In the browser
//
// Command playground opens a page with all of this: tokens with their
// probabilities, pairs with a slider from zero to few, and an assistant. What the
// stop sequences cut off is struck out.
package examples
