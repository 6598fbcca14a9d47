// Package seeds derives the seeds of a draw.
package seeds

// At returns the seed of the i-th sample, from 0, of a draw with this seed. It is
// never 0, and At(seed, 0) is seed.
func At(seed uint64, i int) uint64 {
	at := seed + uint64(i)
	if at < seed {
		at++ // 0 would ask for a fresh seed
	}
	return at
}
